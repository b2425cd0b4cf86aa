"""Every endpoint, as a function from typed arguments to a `Call`.

Handles, the engine and the tests call these. CONTRIBUTING.md lists what a new endpoint needs.
"""

from typing import Final

from ..request import Endpoint
from . import commands, management, reads
from .commands import (
    close_charge_port as close_charge_port,
    create_schedule as create_schedule,
    delete_schedule as delete_schedule,
    list_charge_timers as list_charge_timers,
    list_schedules as list_schedules,
    lock as lock,
    open_charge_port as open_charge_port,
    send_destination as send_destination,
    set_charge_limit as set_charge_limit,
    start_charge as start_charge,
    stop_charge as stop_charge,
    unlock as unlock,
)
from .management import (
    compatible_vehicles as compatible_vehicles,
    get_subscription as get_subscription,
    get_webhook as get_webhook,
    list_subscriptions as list_subscriptions,
    list_webhooks as list_webhooks,
    subscribe as subscribe,
    unsubscribe as unsubscribe,
)
from .reads import (
    PAGE_SIZE as PAGE_SIZE,
    application_token as application_token,
    custom as custom,
    delete_connection as delete_connection,
    delete_user as delete_user,
    get_connection as get_connection,
    get_signal as get_signal,
    list_connections as list_connections,
    list_signals as list_signals,
    signal_key as signal_key,
    vehicle_attributes as vehicle_attributes,
)

ENDPOINTS: Final[tuple[Endpoint, ...]] = (*reads.ENDPOINTS, *commands.ENDPOINTS, *management.ENDPOINTS)
"""Every endpoint that this package calls."""
