"""Any client, any model, in Python: the SDKs parse and add up in ways of their own."""

import functools
import itertools
import json
import logging
import subprocess
import sys
import unittest
from pathlib import Path

from clients import CLIENTS, MODES, ask

HERE = Path(__file__).parent
ANSWERS = json.loads((HERE / "answers.json").read_text())
IMAGE = {
    "mime": "image/png",
    "data": (
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk"
        "+A8AAQUBAScY42YAAAAASUVORK5CYII="
    ),
}
TOOL = {
    "name": "get_weather",
    "schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city"],
    },
}
SEALED = ["responses", "anthropic", "gemini"]  # upstreams that sign what they thought


class House:
    """A running Parley and its upstreams, see house.mjs."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        if not line.startswith(b"{"):
            sys.exit(self.process.wait() or "the house did not start")
        self.__dict__.update(json.loads(line))

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait()


def everywhere(modes=MODES):
    """The test is of one mode and one model: it runs for all of them."""

    def repeat(test):
        @functools.wraps(test)
        async def run(self):
            for model, mode in itertools.product(house.models, modes):
                with self.subTest(f"{self.name} -> {model}, {mode}"):
                    await test(self, mode, model)

        return run

    return repeat


STREAMED = ["streamed", "streamed, async"]


class Crossing(unittest.IsolatedAsyncioTestCase):
    """One client on all upstreams. Subclasses say which."""

    name = None

    async def asyncSetUp(self):
        self.client = CLIENTS[self.name](house.url, house.key)
        self.addAsyncCleanup(self.client.close)

    def check(self, got, answer, model):
        self.assertEqual(got.text, answer.get("text", ""))
        calls = [(call["name"], call["args"]) for call in answer.get("calls", [])]
        self.assertEqual([call[1:] for call in got.calls], calls)
        self.assertEqual(len({call[0] for call in got.calls}), len(calls), "ids differ")
        self.assertEqual(got.thinking, answer.get("thinking", ""))
        self.assertEqual(got.finish, answer["finish"])
        self.assertEqual(got.usage, answer["usage"])
        self.assertEqual(got.model, model)

    @everywhere()
    async def test_text_tools_and_limits_are_as_the_upstream_said(self, mode, model):
        for name in ["text", "tools", "limit"]:
            q = {"user": name, "tools": [TOOL] if name == "tools" else []}
            self.check(await ask(self.client, mode, model, q), ANSWERS[name], model)

    @everywhere()
    async def test_reasoning_is_shown(self, mode, model):
        got = await ask(self.client, mode, model, {"user": "thought", "think": True})
        self.check(got, ANSWERS["thought"], model)

    @everywhere()
    async def test_the_upstream_is_asked_what_the_client_asks(self, mode, model):
        q = {"user": "asked", "system": "Be brief.", "image": IMAGE, "limit": 500}
        got = await ask(self.client, mode, model, {**q, "temperature": 0.5, "tools": [TOOL]})
        asked = json.loads(got.text)
        self.assertEqual(asked["system"], "Be brief.")
        self.assertEqual(asked["images"], 1)
        self.assertEqual(asked["tools"], ["get_weather"])
        self.assertEqual((asked["limit"], asked["temperature"]), (500, 0.5))
        self.assertEqual(asked["stream"], mode.startswith("streamed"))

    @everywhere()
    async def test_what_a_reply_held_goes_back_with_the_results(self, mode, model):
        for name in ["loop", "quick"]:
            await self.go_round(mode, model, name)

    async def go_round(self, mode, model, name):
        q = {"user": name, "think": True, "tools": [TOOL]}
        got = await ask(self.client, mode, model, q)
        self.check(got, ANSWERS[name], model)
        back = {"turn": got.turn, "results": {got.calls[0][0]: "rain"}}
        asked = json.loads((await ask(self.client, mode, model, {**q, **back})).text)
        (call,), (result,) = asked["calls"], asked["results"]
        self.assertEqual((call["name"], call["args"]), ("get_weather", {"city": "Oslo"}))
        self.assertEqual((result["id"], result["text"]), (call["id"], "rain"))
        if model.removeprefix("m-") in SEALED:
            self.assertEqual(asked["seals"], [ANSWERS[name]["seal"]])
        if model == "m-anthropic":
            self.assertEqual(asked["thoughts"], [ANSWERS[name]["thinking"]])

    @everywhere()
    async def test_refusals_are_the_sdks_own_errors(self, mode, model):
        with self.assertRaises(self.client.refused) as caught:
            await ask(self.client, mode, model, {"user": "busy"})
        self.assertEqual(self.client.status(caught.exception), 429)
        self.assertIn("slow down, please", str(caught.exception))
        self.assertEqual(self.client.headers(caught.exception)["retry-after"], "7")

    async def test_a_wrong_key_is_refused(self):
        stranger = CLIENTS[self.name](house.url, "sk-wrong")
        self.addAsyncCleanup(stranger.close)
        for mode in MODES:
            with self.subTest(mode), self.assertRaises(stranger.unknown) as caught:
                await ask(stranger, mode, "m-chat", {"user": "text"})
            self.assertEqual(stranger.status(caught.exception), 401)

    @everywhere(STREAMED)
    async def test_a_cut_stream_is_a_failure(self, mode, model):
        with self.assertRaises(self.client.failed):
            await ask(self.client, mode, model, {"user": "cut"})

    async def test_signs_of_life_disturb_nobody(self):
        model = "m-chat" if self.name != "chat" else "m-anthropic"  # what is relayed has none
        for mode in STREAMED:
            with self.subTest(mode):
                got = await ask(self.client, mode, model, {"user": "silent"})
                self.check(got, ANSWERS["silent"], model)

    async def test_models_are_listed(self):
        self.assertEqual(sorted(self.client.models()), sorted(house.models))

    async def test_tokens_are_counted_or_guessed(self):
        if self.name == "chat":
            return  # has no way to ask
        for model in house.models:
            with self.subTest(f"{self.name} -> {model}"):
                n = self.client.count(model, "How many tokens are these words?")
                if model == "m-chat":
                    self.assertGreater(n, 5)
                else:
                    self.assertEqual(n, house.count)


class ChatCrossing(Crossing):
    name = "chat"


class ResponsesCrossing(Crossing):
    name = "responses"


class AnthropicCrossing(Crossing):
    name = "anthropic"


class GeminiCrossing(Crossing):
    name = "gemini"


del Crossing  # it has no name

if __name__ == "__main__":
    # It tells of slow steps, which a busy machine has, and of generators that the SDKs leave open.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    house = House(sys.argv[1:])
    result = unittest.main(argv=sys.argv[:1], exit=False).result
    code = house.close()
    sys.exit(code or not result.wasSuccessful())
