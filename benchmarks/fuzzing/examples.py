"""What each parser is there for, in small: where the fuzzer begins, and what a test knows."""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping
from typing import Final

import msgspec

from vantum.dialing.chain import FIRST, Verified, canonical, link, sealed, written
from vantum.providers.local import frames


def _frame(name: str, payload: object) -> bytes:
    names = {"eventType": name, "eventId": "0190a6e0-0000-7000-8000-000000000000"}
    return msgspec.msgpack.encode({**names, "sessionId": "s", "payload": payload})


def _wav(channels: int) -> bytes:
    kept = io.BytesIO()
    with wave.open(kept, "wb") as file:
        file.setparams((channels, 2, 8_000, 0, "NONE", ""))
        file.writeframes(bytes(range(64)))
    return kept.getvalue()


def _receipts() -> bytes:
    first = link(1, FIRST, canonical({"call_id": "call-1", "rules": [1.5, None, True]}))
    second = link(2, first.hash, canonical({"call_id": "call-2"}))
    lines = (written(first), written(second), sealed(Verified(1, 2, second.hash)))
    return "\n".join(lines).encode()


_SOUND: Final = b'"media":{"track":"inbound","chunk":"1","timestamp":"20","payload":"/////w=="}'
_ABOUT: Final = b'"sequenceNumber":"2","streamSid":"MZ1"'
_WORDS: Final = b'"words":[{"word":"hi","start":0.1,"end":0.4,"confidence":0.9}]'

EXAMPLES: Final[Mapping[str, tuple[bytes, ...]]] = {
    "browser_frames": (
        _frame("audio.input.start", {"samplingRate": 16_000, "language": "en-US"}),
        _frame("voicechat.audio.chunk", {"audio": bytes(32), "isMuted": False}),
        _frame("user.feedback.sentiment", {"sentiment": "positive"}),
        _frame("audio.output.progress", {"utteranceId": "u", "playedMs": 200.0}),
    ),
    "media_streams": (
        b'{"event":"connected","protocol":"Call","version":"1.0.0"}\n'
        b'{"event":"start",' + _ABOUT + b',"start":{"accountSid":"AC1","streamSid":"MZ1",'
        b'"callSid":"CA1","tracks":["inbound"],"customParameters":{"token":"t"}}}\n'
        b'{"event":"media",' + _ABOUT + b"," + _SOUND + b"}\n"
        b'{"event":"dtmf",' + _ABOUT + b',"dtmf":{"track":"inbound_track","digit":"1"}}\n'
        b'{"event":"mark",' + _ABOUT + b',"mark":{"name":"0:1600"}}\n'
        b'{"event":"stop",' + _ABOUT + b',"stop":{"accountSid":"AC1","callSid":"CA1"}}',
    ),
    "media_tokens": (b"c2VhbA.Y2FsbC0xIENBMSAxNzk1MDAwMDYwIG5vbmNl",),
    "carrier_answers": (
        b'{"sid":"CA1","status":"queued","date_created":"Sun, 22 Nov 2026 10:00:00 +0000"}',
        b'{"calls":[{"sid":"CA1","status":"in-progress"}],"next_page_uri":"/2010-04-01/A?Page=1"}',
        b'{"code":21211,"message":"Invalid To","status":400}',
    ),
    "carrier_forms": (
        b"?call=c1\nX-Twilio-Signature: 0/KCTR6DLpKmkAf8muzZqo1nDgQ=\nHost: vantum.example\n\n"
        b"CallSid=CA1&CallStatus=completed&SequenceNumber=3&From=%2B15550100&SipResponseCode=404",
    ),
    "socket_heads": (
        b"?a=b\nOrigin: https://vantum.example\nHost: vantum.example\nAuthorization: Bearer x",
        b"\nOrigin: http://localhost:3001\nHost: localhost:3001\nX-Forwarded-For: 10.0.0.1",
        b"\nOrigin: http://[::1]:3001\nHost: [::1]:3001",
    ),
    "rest_requests": (
        b'\x01/api/v1/calls\n\n{"to":"+15550100123","agent":"sales"}',
        b'\x01/api/v1/campaigns\n\n{"name":"a","list":"b","hours":"mon-fri 09:00-17:00",'
        b'"calls_per_s":0.5,"attempts":3,"caller_ids":["+15550100"]}',
        b'\x03/api/v1/hooks\nIf-Match: "3"\n\n{"url":"https://a.example","events":["call.settled"]}',
        b"\x00/api/v1/calls?limit=5&after=WzFd",
        b"\x00/api/v1/lists/one/bad-rows?limit=5&after=WzFd",
    ),
    "nova_messages": (
        b'{"type":"SpeechStarted","channel":[0,1],"timestamp":0.1}\n'
        b'{"type":"Results","channel_index":[0,1],"duration":1.9,"start":0,"is_final":true,'
        b'"speech_final":true,"from_finalize":false,"channel":{"alternatives":[{"transcript":'
        b'"hi","confidence":0.9,' + _WORDS + b"}]}}\n"
        b'{"type":"UtteranceEnd","channel":[0,1],"last_word_end":0.4}\n'
        b'{"type":"Metadata","request_id":"r","duration":1.9}',
        b'{"type":"Error","description":"a","message":"b","variant":"c"}',
    ),
    "flux_messages": (
        b'{"type":"Connected","request_id":"r","sequence_id":0}\n'
        b'{"type":"TurnInfo","event":"StartOfTurn","turn_index":0,"audio_window_start":0.0,'
        b'"audio_window_end":0.5,"transcript":"hi",' + _WORDS + b"}\n"
        b'{"type":"TurnInfo","event":"EagerEndOfTurn","turn_index":0,"audio_window_start":0.0,'
        b'"audio_window_end":0.7,"transcript":"hi","end_of_turn_confidence":0.5}\n'
        b'{"type":"TurnInfo","event":"EndOfTurn","turn_index":0,"audio_window_start":0.0,'
        b'"audio_window_end":0.9,"transcript":"hi","trigger":"model"}\n'
        b'{"type":"Warning","request_id":"r","sequence_id":9,'
        b'"code":"FORCE_END_TURN_NO_ACTIVE_TURN","description":""}',
        b'{"type":"Error","sequence_id":9,"code":"INTERNAL","description":""}',
    ),
    "model_streams": (
        b'data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":null}]}\n\n'
        b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":'
        b'{"name":"press_keys","arguments":"{\\"keys\\":\\"1w#\\"}"}}]}}]}\n\n'
        b'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,'
        b'"prompt_tokens_details":{"cached_tokens":0}}}\n\ndata: [DONE]\n\n',
        b'event: x\r\ndata: {"error":{"message":"m","type":"t","code":429}}\r\n\r\n',
        b'data: {"choices":[{"delta":{"tool_calls":[{"function":{"name":"end_call",'
        b'"arguments":{"goodbye":"Bye"}}}]},"finish_reason":"tool_calls"}]}\n\n',
    ),
    "model_refusals": (
        b'{"error":{"message":"no","type":"insufficient_quota","param":null,"code":"x"}}',
        b'{"message":"no","code":400}',
        b'{"detail":[{"msg":"no"}]}',
    ),
    "model_findings": (
        b'{"disposition":"callback","summary":"They said so.","callback":"tomorrow at three",'
        b'"field_budget":"ten"}',
    ),
    "voice_messages": (
        b'{"type":"chunk","context_id":"c","data":"AAAA","flush_id":1,"step_time":1.5,'
        b'"status_code":206,"done":false}\n'
        b'{"type":"timestamps","context_id":"c","word_timestamps":{"words":["a"],"start":[0],'
        b'"end":[0.2]}}\n{"type":"flush_done","context_id":"c","flush_id":1,"flush_done":true}\n'
        b'{"type":"done","context_id":"c","status_code":206,"done":true}\n'
        b'{"type":"error","context_id":"c","status_code":429,"error_code":"concurrency_limited"}',
    ),
    "caller_words": (
        b"Call me back in half an hour, on Tuesday the third at a quarter past two.",
        b"We're twenty five people; it's j dot smith at example dot com, double five one oh.",
        b"Not interested. What does it cost?",
    ),
    "contact_files": (
        b"phone,name,consent\n+12125550123,Ann,written 2026-03-01 web form\n212-555-0123,Bob,no\n",
        b'sep=;\nTelephone;"First Name";timezone\r\n"+44 20 7946 0958";"O""x";Europe/London\r\n',
        "phone\tname\n+12125550123\té\n".encode("utf-16"),
    ),
    "phone_numbers": (b"+1 (212) 555-0123", b"tel:+442079460958", b"0171/5550123", b"1.2E+10"),
    "addresses": (b"12 Main St, Springfield, IL 62701", b"America/New_York", b"Washington, DC"),
    "webhook_addresses": (
        b"https://example.com:8443/vantum?a=b",
        b"http://localhost/x",
        b"https://[64:ff9b::a00:1]/x",
    ),
    "receipts": (_receipts(),),
    "agent_files": (
        b"name: Alex\ncompany: Acme\ngreeting: >-\n  Hi, {agent} of {company}.\nvoice: {id: a}\n",
        b"a: &a [1, 2.5, true, 2026-01-01]\nb: *a\nc: |\n  text\n? d\n: !!str 5\n<<: {e: f}\n",
    ),
    "settings_files": (
        b"# comment\nPORT=3001\nexport HOST='127.0.0.1'\nPUBLIC_URL=\"https://a.example\"\n"
        b"PROT=1\nTWILIO_CALLER_IDS=+15550100123, +15550100124\nVAD=local\nDRAIN_S=1.5\n",
        b"DATABASE_URL=postgresql://u:p@h/d\nSTT_ENDPOINTING_MS=300\nOPENAI_BASE_URL=http://a:1/v1\n",
    ),
    "wav_files": (_wav(1), _wav(2)),
    "sound": (bytes(range(40)), b"\x02\x00" + bytes(64), b"\x05\x01\x01"),
    "speech_frames": (
        frames.encode(frames.Recognise(1, 2, bytes(8), False)) + frames.encode(frames.Cancel(1)),
        frames.encode(frames.Sound(1, bytes(8), True)) + frames.encode(frames.Status(1, 1, "")),
    ),
    "simulated_carrier": (
        b'{"event":"media","streamSid":"MZ1","media":{"payload":"/w=="}}',
        b'{"event":"mark","streamSid":"MZ1","mark":{"name":"1:160"}}',
        b"To=%2B15550100123&From=%2B15550100124&Url=http%3A%2F%2Fa.example%2Fv&Timeout=30"
        b"&MachineDetection=DetectMessageEnd&AsyncAmd=true&StatusCallbackEvent=answered",
    ),
    "simulated_twiml": (
        b'<Response><Connect action="/a"><Stream url="wss://h/m"><Parameter name="token" '
        b'value="t"/></Stream></Connect><Hangup/></Response>',
        b'<Response><Say>Hi</Say><Pause length="2"/><Play digits="1w">u</Play><Dial timeout="9">'
        b"<Number>+15550100123</Number><Conference>c</Conference></Dial>"
        b"<Redirect>http://a</Redirect></Response>",
    ),
    "simulated_recogniser": (
        b"model=nova-3&encoding=mulaw&sample_rate=8000&interim_results=true&endpointing=300"
        b"&utterance_end_ms=1000&keyterm=a&keyterm=b",
        b"model=flux-general-en&encoding=mulaw&sample_rate=8000&eager_eot_threshold=0.4",
    ),
    "simulated_model": (
        b'{"model":"gpt-6-luna","messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}],'
        b'"stream":true,"stream_options":{"include_usage":true},"tools":[{"type":"function",'
        b'"function":{"name":"end_call","parameters":{"type":"object"}}}]}',
        b'{"model":"strict-1","messages":[],"unknown":1}',
    ),
    "simulated_voice": (
        b'{"context_id":"c","model_id":"sonic-3.5","transcript":"Hi","voice":{"id":"v"},'
        b'"output_format":{"container":"raw","encoding":"pcm_mulaw","sample_rate":8000},'
        b'"continue":true,"max_buffer_delay_ms":0,"generation_config":{"speed":1.1}}',
        b'{"context_id":"c","cancel":true}',
    ),
}
"""By the name of the parser."""

_DEEP: Final = 1_100  # Python and PyYAML bear 1,000 at the most
NASTY: Final = (
    b"",
    b"\0",
    b"\xff\xfe" * 50,
    b"9" * 5_000,  # more digits than Python makes a number of
    b"[" * _DEEP,
    b"- " * _DEEP,
    b'{"a":' * _DEEP,
    b'{"event":"media","more":' + b"[" * _DEEP,
    b'{"type":"Results","more":' + b"[" * _DEEP,
    b'data: {"more":' + b"[" * _DEEP + b"\n\n",
    b'{"before":"","facts":' + b"[" * _DEEP,
    b"\x00/api/v1/lists/one/bad-rows?after=" + b"WzEs" + b"W1tb" * 2_000,
    b'\x01/api/v1/calls\n\n{"to":"\x93"}',  # no UTF-8
    b"To=%2B15550100123&From=%2B15550100124&Url=http%3A%2F%2Fa]",
    b"To=%2B15550100123&From=%2B15550100124&Url=http%3A%2F%2Fa&Timeout=" + b"9" * 5_000,
    b'{"model":"\x99","messages":[]}',
    b"!!int ''",
    b"!!bool perhaps",
    b"!!timestamp never",
    b"a: &a {b: *a}",
    # Two to the 25th values, in a few lines.
    b"".join(b"%c: &%c [*%c, *%c]\n" % (n, n, n - 1, n - 1) for n in range(97, 122)).replace(
        b"*`", b"1"
    ),
    b'{"sid":"CA1","status":"queued","date_created":"Mon, 99 Jan 999999999999 00:00:00 +0000"}',
    b'{"calls":[],"next_page_uri":"//[::1"}',
    b'{"event":"media","sequenceNumber":"2","streamSid":"MZ1","media":{"track":"inbound",'
    b'"chunk":"1","payload":"","timestamp":"' + b"9" * 5_000 + b'"}}',
    b'{"event":"mark","sequenceNumber":"2","streamSid":"MZ1","mark":{"name":"0:'
    + b"9" * 5_000
    + b'"}}',
    b"?\xff\nX-Twilio-Signature: \xff\n\nCallStatus=completed&SequenceNumber=" + b"9" * 5_000,
)
"""What has broken a parser somewhere; every one must bear them all."""
