"""Certificates and proxies reach every connection, that of the token endpoint too."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from attrs import evolve, frozen
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from smartcar_async import (
    ApiError,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    Proxy,
    Retry,
    Settings,
    Smartcar,
    Tls,
    TransportError,
)

from .sockets import Play, Raw, connect_proxy, raw_server, unused_port

ONCE = Retry(attempts=1)
PASSWORD = "p@ss:w/rd"
WRITTEN = "user:p%40ss%3Aw%2Frd"


@frozen
class Authority:
    """A certificate authority of the test's own, on disk."""

    ca: trustme.CA
    tls: Tls
    client_certificate: str
    client_key: str
    locked_key: str

    def server_context(self, *, asks: bool = False) -> ssl.SSLContext:
        """What a server of this authority needs; it may ask for a certificate of the client."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert("127.0.0.1").configure_cert(context)
        if asks:
            context.verify_mode = ssl.CERT_REQUIRED
            self.ca.configure_trust(context)
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority, and a client's certificate from it, with its key plain and locked."""
    folder, ca = tmp_path_factory.mktemp("tls"), trustme.CA()
    client = ca.issue_cert("client@example.test")
    key = load_pem_private_key(client.private_key_pem.bytes(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open sesame"))
    paths = [str(folder / name) for name in ("ca.pem", "client.pem", "client.key", "locked.key")]
    contents = [
        ca.cert_pem.bytes(),
        client.cert_chain_pems[0].bytes(),
        client.private_key_pem.bytes(),
        locked,
    ]
    for path, content in zip(paths, contents, strict=True):
        Path(path).write_bytes(content)
    return Authority(ca, Tls(ca_file=paths[0]), *paths[1:])


@pytest.fixture
async def server(authority: Authority) -> AsyncIterator[Raw]:
    """A server whose certificate only our authority vouches for."""
    async with raw_server(context=authority.server_context()) as raw:
        yield raw


async def use(settings: Settings) -> None:
    """A token and a read."""
    async with Smartcar("id", "secret", settings=settings) as smartcar:
        await smartcar.request("GET", "/v3/things")


async def test_an_unknown_authority_is_refused(server: Raw) -> None:
    """Without the extra CA nothing is sent, not even the client's secret."""
    with pytest.raises(ConnectionFailed, match="CERTIFICATE_VERIFY_FAILED"):
        await use(server.settings(retry=ONCE))
    assert server.tokens == server.requests == []


async def test_an_extra_authority_is_trusted_everywhere(server: Raw, authority: Authority) -> None:
    """`Tls(ca_file=)` holds for the token endpoint and the API."""
    await use(server.settings(tls=authority.tls))
    assert (len(server.tokens), len(server.requests)) == (1, 1)


async def test_a_certificate_for_another_host_is_refused(authority: Authority) -> None:
    """Trusting an authority is not trusting it for every name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.ca.issue_cert("elsewhere.test").configure_cert(context)
    async with raw_server(context=context) as server:
        with pytest.raises(ConnectionFailed, match="CERTIFICATE_VERIFY_FAILED"):
            await use(server.settings(tls=authority.tls, retry=ONCE))


@pytest.mark.parametrize("password", [None, "open sesame"])
async def test_a_client_certificate_is_shown_everywhere(authority: Authority, password: str | None) -> None:
    """A server that asks for one gets it, on both connections; a locked key is unlocked."""
    key = authority.client_key if password is None else authority.locked_key
    tls = evolve(
        authority.tls,
        client_certificate=authority.client_certificate,
        client_key=key,
        client_key_password=password,
    )
    async with raw_server(context=authority.server_context(asks=True)) as server:
        await use(server.settings(tls=tls))
        assert (len(server.tokens), len(server.requests)) == (1, 1)
        with pytest.raises((ConnectionLost, ConnectionFailed)):
            await use(server.settings(tls=authority.tls, retry=ONCE))
        assert len(server.tokens) == 1


@pytest.mark.parametrize("content", [None, b"", b"not a certificate"])
async def test_a_bad_authority_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    """Whoever mistyped the path, or the file, is told which setting is meant."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"tls\.ca_file: \S+ cannot be read as certificates") as caught:
        await use(Settings(tls=Tls(ca_file=str(path))))
    assert caught.value.__cause__ is None
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("password", [None, "wrong"])
async def test_a_bad_client_certificate_is_named(authority: Authority, password: str | None) -> None:
    """A key that does not open is told, nobody is prompted, and the password is not shown."""
    tls = Tls(
        client_certificate=authority.client_certificate,
        client_key=authority.locked_key,
        client_key_password=password,
    )
    with pytest.raises(ConfigurationError, match=r"tls\.client_certificate: \S+ cannot be loaded with") as caught:
        await use(Settings(tls=tls))
    assert "wrong" not in str(caught.value)
    assert "wrong" not in repr(tls)


async def test_a_bad_file_is_told_by_the_first_call_too(tmp_path: Path) -> None:
    """Who does not enter the client hears of it when calling, and again when calling again."""
    smartcar = Smartcar("id", "secret", settings=Settings(tls=Tls(ca_file=str(tmp_path / "none.pem"))))
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=r"tls\.ca_file"):
            await smartcar.request("GET", "/v3/things")
    await smartcar.aclose()


async def test_a_proxy_carries_every_connection(server: Raw, authority: Authority) -> None:
    """Token and API go through tunnels; the credentials in the proxy's URL are unescaped and sent."""
    async with raw_server(context=authority.server_context()) as iam, connect_proxy(f"user:{PASSWORD}") as proxy:
        await use(server.settings(iam_origin=iam.url, tls=authority.tls, proxy=proxy.url(WRITTEN)))
        assert proxy.targets == [f"CONNECT 127.0.0.1:{iam.port}", f"CONNECT 127.0.0.1:{server.port}"]
    assert (len(iam.tokens), len(server.requests)) == (1, 1)
    assert all(b"roxy-" not in request for request in (*iam.tokens, *server.requests))


@pytest.mark.parametrize("credentials", ["", "user:wrong"])
async def test_a_proxy_that_refuses_us(server: Raw, authority: Authority, credentials: str) -> None:
    """Without its password nothing gets through, nothing was sent, and the error shows no password."""
    async with connect_proxy(f"user:{PASSWORD}") as proxy:
        settings = server.settings(tls=authority.tls, proxy=proxy.url(credentials), retry=ONCE)
        with pytest.raises(ConnectionFailed, match="ClientHttpProxyError") as caught:
            await use(settings)
        assert (proxy.heads, proxy.refused, server.connections) == ([], 1, 0)
    assert "wrong" not in str(caught.value)
    assert "wrong" not in repr(settings)


async def test_a_proxy_that_is_not_there(server: Raw, authority: Authority) -> None:
    """There is no way around a proxy that was asked for."""
    settings = server.settings(tls=authority.tls, proxy=f"http://127.0.0.1:{unused_port()}", retry=ONCE)
    with pytest.raises(ConnectionFailed, match="ClientProxyConnectionError: ECONNREFUSED"):
        await use(settings)
    assert server.connections == 0


async def test_a_proxy_that_hangs_up(server: Raw, authority: Authority) -> None:
    """A tunnel that is never opened is a TransportError, and the server saw nothing."""
    async with raw_server(lambda _: Play(b"", "close")) as proxy:
        settings = server.settings(tls=authority.tls, proxy=proxy.url, retry=ONCE)
        with pytest.raises(TransportError):
            await use(settings)
    assert server.connections == 0


async def test_plain_http_goes_through_a_proxy_whole() -> None:
    """For an http origin the proxy gets the full URL and the credentials."""
    async with connect_proxy(f"user:{PASSWORD}") as proxy:
        origin = "http://api.test"
        await use(Settings(vehicle_origin=origin, iam_origin=origin, proxy=proxy.url(WRITTEN)))
        assert proxy.targets == [f"POST {origin}/oauth2/token", f"GET {origin}/v3/things"]
        with pytest.raises(ApiError) as caught:
            await use(Settings(vehicle_origin=origin, iam_origin=origin, proxy=proxy.url()))
    assert caught.value.status == 407


async def test_a_proxy_from_the_environment(server: Raw, authority: Authority) -> None:
    """HTTPS_PROXY and NO_PROXY hold as they do for other programs."""
    async with raw_server(context=authority.server_context()) as iam, connect_proxy(f"user:{PASSWORD}") as proxy:
        environment = {
            "HTTPS_PROXY": proxy.url(WRITTEN),
            "SMARTCAR_VEHICLE_ORIGIN": server.url,
            "SMARTCAR_IAM_ORIGIN": iam.url,
        }
        await use(Settings.from_env(environment, tls=authority.tls))
        assert proxy.targets == [f"CONNECT 127.0.0.1:{iam.port}", f"CONNECT 127.0.0.1:{server.port}"]
        proxy.heads.clear()
        around = {**environment, "NO_PROXY": f"example.test, 127.0.0.1:{iam.port}"}
        await use(Settings.from_env(around, tls=authority.tls))
        assert proxy.targets == [f"CONNECT 127.0.0.1:{server.port}"]
        proxy.heads.clear()
        await use(server.settings(tls=authority.tls, proxy=Proxy(http=proxy.url(WRITTEN))))
        assert proxy.targets == []
