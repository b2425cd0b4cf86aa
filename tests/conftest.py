"""What every test shares: the hypothesis profile, and aioresponses on today's aiohttp."""

import functools
import inspect
import os
from unittest.mock import Mock

import pytest
from aiohttp import ClientResponse
from hypothesis import settings

settings.register_profile("smartcar", deadline=None, derandomize="CI" in os.environ, database=None)
settings.load_profile("smartcar")

if "stream_writer" in inspect.signature(ClientResponse).parameters:
    # aioresponses 0.7.9 builds responses without this argument, which aiohttp 3.14 requires.
    response_class = functools.partial(ClientResponse, stream_writer=Mock(output_size=0))
    pytest.MonkeyPatch().setattr("aioresponses.core.ClientResponse", response_class)
