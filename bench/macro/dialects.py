"""The two shapes that clients of the bench speak; the upstream speaks the first."""

import json

FRAME_BYTES_MAX = 400  # of an answer: what the upstream writes around the text


class Chat:
    path = "/v1/chat/completions"
    load_words = ()

    @staticmethod
    def question(model, stream):
        return {"model": model, "messages": [{"role": "user", "content": "hello"}],
                "stream": stream}

    @staticmethod
    def events_of(events):
        """What bench_load counts of a stream for which the upstream writes so many."""
        return events

    @staticmethod
    def bytes_of(answer_bytes):
        """The least size of a reply for which the upstream writes so many."""
        return answer_bytes

    @staticmethod
    def text_of(reply):
        return reply["choices"][0]["message"]["content"]

    @staticmethod
    def delta_of(event):
        choice = event["choices"][0]
        return choice["delta"].get("content"), choice["finish_reason"] == "stop"

    @staticmethod
    def is_end(name, data):
        return data == "[DONE]"


class Messages:
    path = "/v1/messages"
    load_words = ("--messages",)

    @staticmethod
    def question(model, stream):
        return {"model": model, "messages": [{"role": "user", "content": "hello"}],
                "max_tokens": 100, "stream": stream}

    @staticmethod
    def events_of(events):
        return events - 2  # the role and the finish are no deltas

    @staticmethod
    def bytes_of(answer_bytes):
        return answer_bytes - FRAME_BYTES_MAX

    @staticmethod
    def text_of(reply):
        return reply["content"][0]["text"]

    @staticmethod
    def delta_of(event):
        delta = event.get("delta", {})
        return delta.get("text"), delta.get("stop_reason") == "end_turn"

    @staticmethod
    def is_end(name, data):
        return name == "message_stop"


def wrong_reply(dialect, body, answer_bytes):
    """What is wrong with a whole reply, or an empty text."""
    try:
        text = dialect.text_of(json.loads(body))
    except (ValueError, LookupError, TypeError) as error:
        return f"not a reply of {dialect.__name__}: {error!r}: {body[:300]}"
    said = len(json.dumps(text, ensure_ascii=False).encode())
    if said < answer_bytes - FRAME_BYTES_MAX or "untouched" in text:
        return f"{said} bytes of text in an answer of {answer_bytes}"
    return ""


def wrong_stream(dialect, body, deltas):
    events = [_event(text) for text in body.replace("\r\n", "\n").split("\n\n") if text]
    if not events or not dialect.is_end(*events[-1]):
        return f"the stream does not end as {dialect.__name__} does: {body[-300:]}"
    try:
        told = [dialect.delta_of(json.loads(data)) for _, data in events if data != "[DONE]"]
    except (ValueError, LookupError, TypeError) as error:
        return f"an event is none of {dialect.__name__}: {error!r}"
    said = sum(bool(text) for text, _ in told)
    if said != deltas:
        return f"{said} deltas instead of {deltas}"
    return "" if any(stopped for _, stopped in told) else "the stream names no reason for its end"


def _event(text):
    fields = dict(line.split(": ", 1) for line in text.split("\n") if ": " in line)
    return fields.get("event", ""), fields.get("data", "")
