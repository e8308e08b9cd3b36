// Upstreams that a coding tool works with: strict about what reaches them, and told by the test
// what to answer. Each stands behind a Parley of its own that leads every model there.
import assert from 'node:assert/strict';

import { faultsIn } from '../../e2e/support/legal.mjs';
import { configuration, Parley } from '../../e2e/support/parley.mjs';
import { Upstream } from '../../e2e/support/upstream.mjs';
import { wires } from '../../e2e/support/wires.mjs';
import { defer } from '../../e2e/support/wait.mjs';
import { Tap } from '../../e2e/support/tap.mjs';

export const kPingMs = 1000;
const kModels = {
  chat: 'deepseek-reasoner',
  responses: 'gpt-5.5',
  anthropic: 'claude-sonnet-4-6',
  gemini: 'gemini-3-pro-preview',
};

export class House {
  /** Begins a test: requests are judged, and `answer(asked, reply, request)` answers them. */
  begin(answer) {
    this.answer = answer;
    this.wrong = defer(); // rejected when the upstream has seen what no honest proxy sends
    this.upstream.faults.length = 0;
  }

  static async start(name) {
    const house = new House();
    house.name = name;
    house.wire = wires[name];
    house.upstream = await Upstream.start({ credential: house.wire.key });
    house.upstream.script = (request, reply) => house.#serve(request, reply);
    house.parley = await Parley.start(house.#configuration());
    house.upstream.mustNotSee(house.parley.key);
    house.tap = await Tap.start(house.parley.port);
    return house;
  }

  #configuration() {
    const { plugin, settings } = this.wire;
    const account = [{ label: 'main', api_key: this.upstream.key }];
    const base_url = this.wire.base(this.upstream.url);
    return {
      ...configuration(this.upstream),
      limits: { ping_ms: kPingMs },
      provider: [{ name: 'up', plugin, base_url, ...settings, models: ['*'], account }],
      route: [{ model: '*', targets: [{ provider: 'up', model: kModels[this.name] }] }],
    };
  }

  async #serve(request, reply) {
    const path = new URL(request.url, this.upstream.url).pathname;
    assert.ok(this.wire.is(path), `${this.name}: ${path}`);
    try {
      assert.deepEqual(this.upstream.faults, []);
      assert.deepEqual(faultsIn(this.name, request), []);
      const asked = this.wire.read({ json: request.json, path });
      assert.equal(asked.model, kModels[this.name]);
      await this.answer(asked, reply, request);
    } catch (error) {
      error.message += `\nasked: ${request.text}`;
      this.wrong.reject(error);
      throw error;
    }
  }

  /** The whole answer, in the form that was asked for. */
  say(asked, reply, answer) {
    if (!asked.stream) return reply.json(200, this.wire.whole(asked, answer));
    reply.events();
    for (const event of this.wire.stream(asked, answer)) reply.write(event);
    return reply.end();
  }

  async stop() {
    await this.tap.stop();
    await this.parley.stop();
    await this.upstream.stop();
  }
}
