// A stream that breaks anywhere before its end, or turns into garbage, is a failure to every
// official SDK, whatever its dialect and the upstream's; and Parley leaves the upstream.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { clients } from './support/clients.mjs';
import { configuration, Parley } from './support/parley.mjs';
import { Upstream } from './support/upstream.mjs';
import { within } from './support/wait.mjs';
import { providers, wires } from './support/wires.mjs';

const kEnd = /"finish_reason":"stop"|"stop_reason":"end_turn"|response\.completed|"finishReason"/;
const answer = {
  thinking: 'Hm.',
  seal: 'c2VhbA==',
  text: 'Grüezi, wörld',
  finish: 'stop',
  usage: { input: 7, output: 3, reasoning: 1 },
};

const upstreams = {};
for (const [name, wire] of Object.entries(wires)) {
  const upstream = await Upstream.start({ credential: wire.key });
  upstream.script = async (request, reply) => {
    const path = new URL(request.url, upstream.url).pathname;
    const events = wire.stream(wire.read({ json: request.json, path }), answer);
    upstream.cuts = events.findIndex((event) => kEnd.test(event));
    reply.events();
    reply.flushHeaders();
    await upstream.play(events, request, reply);
  };
  upstreams[name] = upstream;
}
const parley = await Parley.start({
  ...configuration(upstreams.chat),
  provider: providers(upstreams),
});
Object.values(upstreams).forEach((upstream) => upstream.mustNotSee(parley.key));
after(async () => {
  await parley.stop();
  for (const upstream of Object.values(upstreams)) await upstream.stop();
});

for (const [client, make] of Object.entries(clients)) {
  for (const [name, upstream] of Object.entries(upstreams)) {
    const ask = () => make(parley).ask(`m-${name}`, { user: 'hi', stream: true });

    test(`${name} -> ${client}: a stream that is cut at any event is a failure`, async () => {
      let at = 0;
      upstream.play = async (events, request, reply) => {
        for (const event of events.slice(0, at)) await reply.say(event);
        reply.cut();
      };
      await assert.rejects(ask(), 'nothing came');
      for (at = 1; at <= upstream.cuts; ++at) await assert.rejects(ask(), `${at} events came`);
      assert.ok(at > 3);
    });

    test(`${name} -> ${client}: garbage is a failure, and the upstream is left`, async () => {
      let left;
      upstream.play = async (events, request, reply) => {
        left = request.gone;
        for (const event of events.slice(0, 3)) await reply.say(event);
        await reply.say('data: {"a\n\n');
      };
      await assert.rejects(ask());
      await within(left, 'the upstream is left');
    });

    test(`${name} -> ${client}: and a whole stream is none`, async () => {
      upstream.play = async (events, request, reply) => {
        for (const event of events) await reply.say(event);
        reply.end();
      };
      // Where thoughts are parts of the text they stand before it.
      assert.ok((await ask()).text.endsWith(answer.text));
    });
  }
}
