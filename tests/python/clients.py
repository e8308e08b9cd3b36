"""The official Python SDKs, asked and read in the same plain words.

A question is a dict: user, and where the test wants them system, image, tools, limit, temperature,
think. `turn` is the SDK's own account of an earlier reply, and `results` answers its calls.
What a reply means is a Got; `turn` in it is what the SDK would have a program send back.
"""

import base64
import functools
import json
from dataclasses import dataclass, field
from typing import Any

import anthropic
import openai
from google import genai
from google.genai import types


@dataclass
class Got:
    text: str = ""
    thinking: str = ""
    calls: list = field(default_factory=list)
    finish: str = ""
    usage: dict = field(default_factory=dict)
    model: str = ""
    turn: Any = None


def given(**fields):
    return {key: value for key, value in fields.items() if value is not None}


def data_url(image):
    return f"data:{image['mime']};base64,{image['data']}"


class OfOpenAI:
    """What the two APIs of OpenAI share."""

    cut = ()
    refused = openai.RateLimitError
    unknown = openai.AuthenticationError
    failed = openai.APIError
    status = staticmethod(lambda error: error.status_code)
    headers = staticmethod(lambda error: error.response.headers)

    def __init__(self, url, key):
        options = {"base_url": f"{url}/v1", "api_key": key, "max_retries": 0}
        self.now = openai.OpenAI(**options)
        self.later = openai.AsyncOpenAI(**options)
        self.close = self.later.close

    def models(self):
        return [model.id for model in self.now.models.list()]


class Chat(OfOpenAI):
    """Its helper for streams raises where a limit was met."""

    cut = openai.LengthFinishReasonError
    final = "get_final_completion"
    create = staticmethod(lambda api: api.chat.completions.create)

    @staticmethod
    def stream(api):
        def ask(**body):
            return api.chat.completions.stream(**body, stream_options={"include_usage": True})

        return ask

    def body(self, q):
        content = q["user"]
        if "image" in q:
            picture = {"type": "image_url", "image_url": {"url": data_url(q["image"])}}
            content = [{"type": "text", "text": content}, picture]
        messages = [{"role": "user", "content": content}]
        if "system" in q:
            messages.insert(0, {"role": "system", "content": q["system"]})
        if "turn" in q:
            messages.append(q["turn"])
            for id, text in q["results"].items():
                messages.append({"role": "tool", "tool_call_id": id, "content": text})
        tools = [
            {"type": "function", "function": {"name": t["name"], "parameters": t["schema"]}}
            for t in q.get("tools", [])
        ]
        return given(
            messages=messages,
            tools=tools or None,
            max_completion_tokens=q.get("limit"),
            temperature=q.get("temperature"),
            reasoning_effort="medium" if q.get("think") else None,
        )

    def read(self, reply):
        (choice,) = reply.choices
        message, usage = choice.message, reply.usage
        return Got(
            text=message.content or "",
            thinking=getattr(message, "reasoning_content", None) or "",
            calls=[
                (c.id, c.function.name, json.loads(c.function.arguments))
                for c in message.tool_calls or []
            ],
            finish=choice.finish_reason,
            usage={
                "input": usage.prompt_tokens,
                "output": usage.completion_tokens,
                "cached": usage.prompt_tokens_details.cached_tokens,
                "reasoning": usage.completion_tokens_details.reasoning_tokens,
            },
            model=reply.model,
            turn={
                "role": "assistant",
                "content": message.content,
                "tool_calls": [c.to_dict() for c in message.tool_calls or []],
            },
        )


class Responses(OfOpenAI):
    """Its helper for streams knows no reply that is incomplete: the last event has the whole."""

    final = None
    create = staticmethod(lambda api: api.responses.create)
    stream = staticmethod(lambda api: functools.partial(api.responses.create, stream=True))

    def body(self, q):
        content = q["user"]
        if "image" in q:
            picture = {"type": "input_image", "image_url": data_url(q["image"]), "detail": "auto"}
            content = [{"type": "input_text", "text": content}, picture]
        items = [{"role": "user", "content": content}]
        if "turn" in q:
            items += q["turn"]
            for id, text in q["results"].items():
                items.append({"type": "function_call_output", "call_id": id, "output": text})
        tools = [
            {"type": "function", "name": t["name"], "parameters": t["schema"], "strict": False}
            for t in q.get("tools", [])
        ]
        return given(
            input=items,
            instructions=q.get("system"),
            tools=tools or None,
            max_output_tokens=q.get("limit"),
            temperature=q.get("temperature"),
            store=False,
            include=["reasoning.encrypted_content"] if q.get("think") else None,
            reasoning={"effort": "medium", "summary": "auto"} if q.get("think") else None,
        )

    def read(self, reply):
        events = reply if isinstance(reply, list) else []
        reply = events[-1].response if events else reply
        said = [event.delta for event in events if event.type == "response.output_text.delta"]
        if events and "".join(said) != reply.output_text:
            raise AssertionError(f"{said} was said, {reply.output_text} is told at the end")

        def of(kind):
            return [item for item in reply.output if item.type == kind]

        calls = of("function_call")
        cut = reply.incomplete_details and reply.incomplete_details.reason
        usage = reply.usage
        return Got(
            text=reply.output_text,
            thinking="".join(part.text for item in of("reasoning") for part in item.summary),
            calls=[(c.call_id, c.name, json.loads(c.arguments)) for c in calls],
            finish="length" if cut == "max_output_tokens" else "tool_calls" if calls else "stop",
            usage={
                "input": usage.input_tokens,
                "output": usage.output_tokens,
                "cached": usage.input_tokens_details.cached_tokens,
                "reasoning": usage.output_tokens_details.reasoning_tokens,
            },
            model=reply.model,
            turn=[item.to_dict() for item in reply.output],
        )

    def count(self, model, user):
        return self.now.responses.input_tokens.count(model=model, input=user).input_tokens


class Messages:
    final = "get_final_message"
    refused = anthropic.RateLimitError
    unknown = anthropic.AuthenticationError
    failed = anthropic.APIError
    status = staticmethod(lambda error: error.status_code)
    headers = staticmethod(lambda error: error.response.headers)
    create = staticmethod(lambda api: api.messages.create)
    stream = staticmethod(lambda api: api.messages.stream)
    cut = ()
    reasons = {"end_turn": "stop", "tool_use": "tool_calls", "max_tokens": "length"}

    def __init__(self, url, key):
        options = {"base_url": url, "api_key": key, "max_retries": 0}
        self.now = anthropic.Anthropic(**options)
        self.later = anthropic.AsyncAnthropic(**options)
        self.close = self.later.close

    def body(self, q):
        content = q["user"]
        if "image" in q:
            kind, data = q["image"]["mime"], q["image"]["data"]
            source = {"type": "base64", "media_type": kind, "data": data}
            content = [{"type": "text", "text": content}, {"type": "image", "source": source}]
        messages = [{"role": "user", "content": content}]
        if "turn" in q:
            results = [
                {"type": "tool_result", "tool_use_id": id, "content": text}
                for id, text in q["results"].items()
            ]
            messages.append({"role": "assistant", "content": q["turn"]})
            messages.append({"role": "user", "content": results})
        tools = [{"name": t["name"], "input_schema": t["schema"]} for t in q.get("tools", [])]
        return given(
            messages=messages,
            system=q.get("system"),
            tools=tools or None,
            max_tokens=q.get("limit", 4000),
            # Programs still send what the SDK has no name for any more.
            extra_body=given(temperature=q.get("temperature")) or None,
            thinking={"type": "enabled", "budget_tokens": 2000} if q.get("think") else None,
        )

    def read(self, reply):
        def of(kind):
            return [block for block in reply.content if block.type == kind]

        usage = reply.usage
        cached = usage.cache_read_input_tokens or 0
        details = usage.output_tokens_details
        return Got(
            text="".join(block.text for block in of("text")),
            thinking="".join(block.thinking for block in of("thinking")),
            calls=[(block.id, block.name, block.input) for block in of("tool_use")],
            finish=self.reasons[reply.stop_reason],
            usage={
                "input": usage.input_tokens + cached,
                "output": usage.output_tokens,
                "cached": cached,
                "reasoning": details.thinking_tokens if details else 0,
            },
            model=reply.model,
            turn=reply.content,
        )

    def models(self):
        return [model.id for model in self.now.models.list()]

    def count(self, model, user):
        messages = [{"role": "user", "content": user}]
        return self.now.messages.count_tokens(model=model, messages=messages).input_tokens


class Gemini:
    """Its streams are pieces that every program adds up by itself."""

    final = None
    refused = genai.errors.ClientError
    unknown = genai.errors.ClientError
    failed = (genai.errors.APIError, genai.errors.UnknownApiResponseError)
    status = staticmethod(lambda error: error.code)
    headers = staticmethod(lambda error: error.response.headers)
    cut = ()
    create = staticmethod(lambda api: api.models.generate_content)
    stream = staticmethod(lambda api: api.models.generate_content_stream)

    def __init__(self, url, key):
        http = types.HttpOptions(base_url=url, retry_options=types.HttpRetryOptions(attempts=1))
        self.now = genai.Client(api_key=key, http_options=http)
        self.later = self.now.aio
        self.close = self.later.aclose

    def body(self, q):
        parts = [types.Part(text=q["user"])]
        if "image" in q:
            data = base64.b64decode(q["image"]["data"])
            parts.append(types.Part.from_bytes(data=data, mime_type=q["image"]["mime"]))
        contents = [types.Content(role="user", parts=parts)]
        if "turn" in q:
            names = {p.function_call.id: p.function_call.name for p in q["turn"] if p.function_call}
            results = [
                types.FunctionResponse(id=id, name=names[id], response={"output": text})
                for id, text in q["results"].items()
            ]
            contents.append(types.Content(role="model", parts=q["turn"]))
            parts = [types.Part(function_response=result) for result in results]
            contents.append(types.Content(role="user", parts=parts))
        functions = [
            types.FunctionDeclaration(name=t["name"], parameters_json_schema=t["schema"])
            for t in q.get("tools", [])
        ]
        think = types.ThinkingConfig(include_thoughts=True, thinking_budget=2000)
        config = types.GenerateContentConfig(
            system_instruction=q.get("system"),
            tools=[types.Tool(function_declarations=functions)] if functions else None,
            max_output_tokens=q.get("limit"),
            temperature=q.get("temperature"),
            thinking_config=think if q.get("think") else None,
        )
        return {"contents": contents, "config": config}

    def read(self, reply):
        chunks = reply if isinstance(reply, list) else [reply]
        candidates = [chunk.candidates[0] for chunk in chunks if chunk.candidates]
        contents = [c.content for c in candidates if c.content]
        parts = [part for content in contents for part in content.parts or []]
        calls = [part.function_call for part in parts if part.function_call]
        reason = [c.finish_reason for c in candidates if c.finish_reason][-1]
        usage = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata][-1]
        thought = usage.thoughts_token_count or 0
        return Got(
            text="".join(p.text for p in parts if p.text and not p.thought),
            thinking="".join(p.text for p in parts if p.text and p.thought),
            calls=[(call.id, call.name, call.args) for call in calls],
            finish="length" if reason == "MAX_TOKENS" else "tool_calls" if calls else "stop",
            usage={
                "input": usage.prompt_token_count,
                "output": usage.candidates_token_count + thought,
                "cached": usage.cached_content_token_count or 0,
                "reasoning": thought,
            },
            model=chunks[-1].model_version,
            turn=parts,
        )

    def models(self):
        return [model.name.removeprefix("models/") for model in self.now.models.list()]

    def count(self, model, user):
        return self.now.models.count_tokens(model=model, contents=user).total_tokens


CLIENTS = {"chat": Chat, "responses": Responses, "anthropic": Messages, "gemini": Gemini}
MODES = ["whole", "streamed", "whole, async", "streamed, async"]


async def ask(client, mode, model, q):
    """What the SDK makes of the reply, whichever way it is asked."""
    body = {"model": model, **client.body(q)}
    later = mode.endswith("async")
    api = client.later if later else client.now
    if mode.startswith("whole"):
        reply = client.create(api)(**body)
        return client.read(await reply if later else reply)
    opened = client.stream(api)(**body)
    try:
        return client.read(await added_up(client, opened, later))
    except client.cut as error:
        return client.read(error.completion)


async def added_up(client, opened, later):
    """The SDK's own sum of a stream, or all its pieces where it has no sum."""
    if client.final and later:
        async with opened as stream:
            return await getattr(stream, client.final)()
    if client.final:
        with opened as stream:
            return getattr(stream, client.final)()
    return [piece async for piece in await opened] if later else list(opened)
