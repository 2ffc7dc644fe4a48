# SPDX-License-Identifier: AGPL-3.0-or-later
"""Noise handshakes played by dissononce, a second implementation, as vectors.

No published vector has two psks, which is what kring uses. Keys and payloads are
drawn anew in each run (the seed is printed); kring-vectors must write and read every
message as dissononce did.

    KRING_VECTORS=.../kring-vectors /usr/bin/python3 dissononce.py [SEED]
"""

import json
import os
import random
import subprocess
import sys
import tempfile

# The folder of this file holds its own name: it must not be found before the library.
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != HERE]

try:
    from dissononce.cipher.chachapoly import ChaChaPolyCipher
    from dissononce.dh.x25519.private import PrivateKey
    from dissononce.dh.x25519.x25519 import X25519DH
    from dissononce.extras.dh.dangerous.dh_nogen import NoGenDH
    from dissononce.hash.blake2b import Blake2bHash
    from dissononce.hash.sha256 import SHA256Hash
    from dissononce.hash.sha512 import SHA512Hash
    from dissononce.processing.handshakepatterns.interactive import IK, XK, XX
    from dissononce.processing.impl.cipherstate import CipherState
    from dissononce.processing.impl.handshakestate import HandshakeState
    from dissononce.processing.impl.symmetricstate import SymmetricState
    from dissononce.processing.modifiers.fallback import FallbackPatternModifier
    from dissononce.processing.modifiers.psk import PSKPatternModifier
except ImportError as missing:
    print(f"skipped: python3-dissononce is not installed ({missing})")
    sys.exit(77)


class Side:
    """One party: keys of its own, a handshake, ciphers after the split."""

    def __init__(self, rng, make_hash):
        dh = X25519DH()
        ephemeral = PrivateKey(rng.randbytes(32))
        self.s = dh.generate_keypair(PrivateKey(rng.randbytes(32)))
        self.e = dh.generate_keypair(ephemeral)
        self.state = HandshakeState(
            SymmetricState(CipherState(ChaChaPolyCipher()), make_hash()),
            NoGenDH(dh, ephemeral))
        self.ciphers = None

    def hash(self):
        return self.state.symmetricstate.get_handshake_hash()


def send(frm, to, payload):
    """One handshake message, in the form of the vectors."""
    message, got = bytearray(), bytearray()
    frm.ciphers = frm.state.write_message(payload, message) or frm.ciphers
    to.ciphers = to.state.read_message(bytes(message), got) or to.ciphers
    assert bytes(got) == payload
    return {"payload": payload.hex(), "ciphertext": message.hex()}


def transport(frm, to, sender_is_initiator, payload):
    way = 0 if sender_is_initiator else 1
    sealed = frm.ciphers[way].encrypt_with_ad(b"", payload)
    assert to.ciphers[way].decrypt_with_ad(b"", sealed) == payload
    return {"payload": payload.hex(), "ciphertext": sealed.hex()}


def describe(alice, bob, prologue, psks, messages):
    vector = {"protocol_name": alice.state.protocol_name, "messages": messages}
    for prefix, side in (("init_", alice), ("resp_", bob)):
        vector[prefix + "prologue"] = prologue.hex()
        vector[prefix + "static"] = side.s.private.data.hex()
        vector[prefix + "ephemeral"] = side.e.private.data.hex()
        vector[prefix + "psks"] = [psk.hex() for psk in psks]
    assert alice.hash() == bob.hash()
    vector["handshake_hash"] = alice.hash().hex()
    return vector


def play(rng, pattern, psk_places, make_hash):
    """A whole conversation: handshake, then six transport messages."""
    for place in psk_places:
        pattern = PSKPatternModifier(place).modify(pattern)
    alice, bob = Side(rng, make_hash), Side(rng, make_hash)
    prologue = rng.randbytes(rng.choice((0, 1, 25, 200)))
    psks = [rng.randbytes(32) for _ in psk_places]
    knows = "s" in pattern.responder_pre_message_pattern
    alice.state.initialize(pattern, True, prologue, s=alice.s,
                           rs=bob.s.public if knows else None, psks=psks)
    bob.state.initialize(pattern, False, prologue, s=bob.s, psks=psks)
    messages = []
    while alice.ciphers is None or bob.ciphers is None:
        pair = (alice, bob) if len(messages) % 2 == 0 else (bob, alice)
        messages.append(send(*pair, rng.randbytes(rng.choice((0, 48, 104, 1000)))))
    for _ in range(6):
        first = len(messages) % 2 == 0
        pair = (alice, bob) if first else (bob, alice)
        payload = rng.randbytes(rng.choice((0, 18, 272)))
        messages.append(transport(*pair, first, payload))
    return describe(alice, bob, prologue, psks, messages)


def play_fallback(rng, make_hash):
    """XXfallback: Bob begins, so he is the initiator of the vector. dissononce keeps
    Alice as the initiator of its split, so the handshake alone is compared."""
    pattern = FallbackPatternModifier().modify(XX.XXHandshakePattern())
    alice, bob = Side(rng, make_hash), Side(rng, make_hash)
    prologue = rng.randbytes(16)
    alice.state.initialize(pattern, True, prologue, s=alice.s, e=alice.e)
    bob.state.initialize(pattern, False, prologue, s=bob.s, re=alice.e.public)
    messages = [send(bob, alice, rng.randbytes(20)), send(alice, bob, rng.randbytes(7))]
    return describe(bob, alice, prologue, [], messages)


def main():
    drawn = random.SystemRandom().getrandbits(32)
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else drawn
    print(f"seed {seed}")
    rng = random.Random(seed)
    hashes = (SHA256Hash, SHA512Hash, Blake2bHash)
    vectors = [play(rng, XK.XKHandshakePattern(), (0, 3), SHA256Hash) for _ in range(8)]
    for make_hash in hashes:
        vectors.append(play(rng, XK.XKHandshakePattern(), (0, 3), make_hash))
        vectors.append(play(rng, IK.IKHandshakePattern(), (0, 2), make_hash))
        vectors.append(play(rng, XX.XXHandshakePattern(), (2, 3), make_hash))
        vectors.append(play_fallback(rng, make_hash))
    assert all("psk" in v["protocol_name"] or "fallback" in v["protocol_name"]
               for v in vectors)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        json.dump({"vectors": vectors}, f)
        f.flush()
        out = subprocess.run([os.environ["KRING_VECTORS"], "noise", f.name],
                             capture_output=True, text=True, check=False)
    lines = (out.stdout + out.stderr).strip().split("\n")
    print("\n".join(lines[:-1]))
    words = lines[-1].split()
    checked = len(words) == 6 and out.returncode == 0
    passed = int(words[0]) if checked else 0
    print(f"{passed} passed, {len(vectors) - passed} failed")
    return 0 if passed == len(vectors) else 1


sys.exit(main())
