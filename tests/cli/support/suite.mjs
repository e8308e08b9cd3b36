// What each coding tool must be able to do on an upstream of every dialect.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { wires } from '../../e2e/support/wires.mjs';
import { run, scratch } from './run.mjs';
import { kFile, kFirst, kSecond, tools } from './tools.mjs';
import { House } from './upstreams.mjs';

const usage = { input: 2100, output: 130, cached: 400, reasoning: 30 };
const kSeals = { responses: true, anthropic: true, gemini: true }; // chat has none
const sealOf = (n) => Buffer.from(`the seal of step ${n} `.repeat(9)).toString('base64');
const thoughtOf = (n) => `Step ${n} is to be thought of.`;
const kDone = 'Finished: “Grüße” are written — 東京 🎉';
const show = ({ code, out, err }) => `code ${code}\nstdout: ${out}\nstderr: ${err}`;

/** A call as this upstream makes it: free text where its dialect has tools of that kind. */
function made(call, id, asked) {
  assert.ok(asked.tools.includes(call.name), `${call.name} is not among ${asked.tools}`);
  if (!('input' in call) || asked.customs.includes(call.name)) return { ...call, id };
  return { id, name: call.name, args: { input: call.input } };
}

/** Thinks and calls, step by step, and is content when all results are there. */
function working(house, calls) {
  const ids = calls.map((_, i) => `call_${house.name}_${i}`);
  return (asked, reply) => {
    const n = asked.calls.length;
    assert.deepEqual(
      asked.calls.map((c) => c.name),
      calls.slice(0, n).map((c) => c.name),
    );
    assert.equal(asked.results.length, n, 'a result for each call');
    if (kSeals[house.name]) {
      const seals = calls.slice(0, n).map((_, i) => sealOf(i));
      assert.deepEqual(asked.seals, seals, 'seals come back as they were');
    }
    if (house.name === 'anthropic') {
      const thoughts = calls.slice(0, n).map((_, i) => thoughtOf(i));
      assert.deepEqual(asked.thoughts, thoughts, 'signed thoughts come back as they were');
    }
    if (n === calls.length) return house.say(asked, reply, { text: kDone, usage, finish: 'stop' });
    return house.say(asked, reply, {
      thinking: thoughtOf(n),
      seal: sealOf(n),
      text: n === 0 ? 'I shall write it.' : undefined,
      calls: [made(calls[n], ids[n], asked)],
      finish: 'tool_calls',
      usage,
    });
  };
}

/** Lets the tool work in its folders, on an upstream that answers so. */
async function ask(tool, house, folders, answer, model = tool.models[0]) {
  house.begin(answer);
  const got = await run(tool, {
    url: house.tap.url,
    key: house.parley.key,
    model,
    prompt: `Please write ${kFile}.`,
    folders,
    wrong: house.wrong.promise,
  });
  assert.deepEqual(house.upstream.faults, [], show(got));
  return got;
}

/** Refuses once. */
function busyAtFirst(house) {
  let n = 0;
  return (asked, reply) => {
    if (++n > 1) return house.say(asked, reply, { text: kDone, usage, finish: 'stop' });
    return reply.json(429, house.wire.error(429, 'slow down, please'), { 'retry-after': '1' });
  };
}

const kQuotaWaitS = 7200;

/** Has nothing left for two hours. */
function spent(house) {
  const words = house.wire.spent('It is spent.', kQuotaWaitS);
  return (asked, reply) => reply.json(429, words, { 'retry-after': `${kQuotaWaitS}` });
}

/** Says nothing until Parley has told the tool that it lives: at first, and amid the answer. */
function thoughtful(house, sign) {
  return async (asked, reply) => {
    const answer = {
      thinking: 'Let me think.',
      seal: sealOf(0),
      text: kDone,
      finish: 'stop',
      usage,
    };
    const events = house.wire.stream(asked, answer);
    const since = house.tap.replies.all.length;
    reply.events();
    reply.flushHeaders();
    await house.tap.heard(sign, 1, since);
    for (const event of events.slice(0, 3)) reply.write(event);
    await house.tap.heard(sign, 3, since);
    for (const event of events.slice(3)) reply.write(event);
    reply.end();
  };
}

/** Always breaks off amid its words. */
function broken(house) {
  return async (asked, reply) => {
    const answer = { text: kDone, usage, finish: 'stop' };
    const text = asked.stream
      ? house.wire.stream(asked, answer).slice(0, -2).join('')
      : JSON.stringify(house.wire.whole(asked, answer));
    const length = asked.stream ? {} : { 'content-length': text.length * 2 };
    const type = asked.stream ? 'text/event-stream' : 'application/json';
    reply.writeHead(200, { 'content-type': type, ...length });
    await reply.say(text);
    reply.cut();
  };
}

/** Tools come as programs for some machines, and are left out on others. */
function skipWithout(program) {
  if (existsSync(program)) return;
  console.log(`\n!!!! SKIPPED: ${program} is not there; npm has it for x64 alone !!!!\n`);
  process.exit(77);
}

export async function suite(name) {
  const tool = tools[name];
  skipWithout(tool.program.at(-1));
  const houses = {};
  for (const wire of Object.keys(wires)) houses[wire] = await House.start(wire);
  after(async () => {
    for (const house of Object.values(houses)) await house.stop();
  });
  const it = (title, house, body) =>
    test(`${name} on ${house.name}: ${title}`, async () => {
      const folders = scratch();
      try {
        await body(folders);
      } finally {
        folders.remove();
      }
    });

  for (const house of Object.values(houses)) {
    for (const model of tool.models) {
      it(`it writes a file and adds to it, with ${model}`, house, async (folders) => {
        const file = join(folders.work, kFile);
        const got = await ask(tool, house, folders, working(house, tool.work(file)), model);
        assert.equal(got.code, 0, show(got));
        assert.ok(got.out.includes(kDone), show(got));
        assert.equal(readFileSync(file, 'utf8'), `${kFirst}\n${kSecond}\n`, show(got));
      });
    }

    it('it waits out a busy upstream', house, async (folders) => {
      const got = await ask(tool, house, folders, busyAtFirst(house));
      assert.equal(got.code, 0, show(got));
      assert.ok(got.out.includes(kDone), show(got));
    });

    it('it does not take a cut stream for a success', house, async (folders) => {
      const got = await ask(tool, house, folders, broken(house));
      assert.ok(tool.failed(got), show(got));
    });

    // A stream of its own dialect is relayed as it is: nothing is added. So are refusals.
    if (house.name === tool.wire) continue;
    if (tool.timeOfDay) {
      it('it is told when a spent quota is there again', house, async (folders) => {
        const before = Date.now();
        const got = await ask(tool, house, folders, spent(house));
        assert.notEqual(got.code, 0, show(got));
        const times = [before, Date.now()].map((ms) => tool.timeOfDay(ms + kQuotaWaitS * 1000));
        const said = `${got.out}${got.err}`;
        assert.ok(times.some((time) => said.includes(time)), `${times}: ${show(got)}`);
      });
    }

    it('it bears a silent upstream', house, async (folders) => {
      const got = await ask(tool, house, folders, thoughtful(house, tool.sign));
      assert.equal(got.code, 0, show(got));
      assert.ok(got.out.includes(kDone), show(got));
    });
  }
}
