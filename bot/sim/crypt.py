"""Encryption and signatures as WeChat and WeCom define them, written from their pages alone."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32
"""PKCS#7 pads to 32 bytes there, not to the cipher's 16."""


class Crypt:
    """Seals and opens messages with one EncodingAESKey for one receiver (appid or corp id)."""

    def __init__(self, aes_key: str, receiver: str) -> None:
        """Raises ValueError for a key that is not 43 characters of Base64."""
        try:
            key = base64.b64decode(aes_key + "=", validate=True)
        except binascii.Error as error:
            raise ValueError("EncodingAESKey is not Base64") from error
        if len(aes_key) != 43 or len(key) != 32:
            raise ValueError("EncodingAESKey must have 43 characters")
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))
        self._receiver = receiver.encode()

    def encrypt(self, text: str) -> str:
        body = text.encode()
        plain = secrets.token_bytes(16) + struct.pack("!I", len(body)) + body + self._receiver
        pad = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher.encryptor()
        sealed = encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
        return base64.b64encode(sealed).decode()

    def decrypt(self, sealed: str) -> tuple[str, str]:
        """The text and the receiver named in it. Raises ValueError for anything malformed."""
        try:
            data = base64.b64decode(sealed, validate=True)
        except binascii.Error as error:
            raise ValueError("not Base64") from error
        if not data or len(data) % 16:
            raise ValueError("not whole blocks")
        decryptor = self._cipher.decryptor()
        plain = decryptor.update(data) + decryptor.finalize()
        pad = plain[-1]
        if not 1 <= pad <= BLOCK or plain[-pad:] != bytes([pad]) * pad:
            raise ValueError("bad padding")
        plain = plain[16:-pad]
        if len(plain) < 4:
            raise ValueError("too short")
        size = struct.unpack("!I", plain[:4])[0]
        if size > len(plain) - 4:
            raise ValueError("length beyond the end")
        return plain[4 : 4 + size].decode(), plain[4 + size :].decode()


def signature(*parts: str) -> str:
    """SHA-1 over the sorted parts: token, timestamp, nonce and, in safe mode, the ciphertext."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def new_aes_key() -> str:
    """A fresh EncodingAESKey of 43 letters and digits."""
    while True:
        key = base64.b64encode(secrets.token_bytes(32)).decode()[:43]
        if key.isalnum():
            return key
