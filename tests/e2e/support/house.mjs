// What most tests need: one strict upstream, one Parley in front of it, one SDK before both.
import { after } from 'node:test';

import OpenAI from 'openai';

import { configuration, Parley } from './parley.mjs';
import { Upstream } from './upstream.mjs';

/** Starts both and ends them with the test file. `more` goes into the configuration. */
export async function house(more = {}, upstreamOptions) {
  const upstream = await Upstream.start(upstreamOptions);
  const config = configuration(upstream, typeof more === 'function' ? more(upstream) : more);
  const parley = await Parley.start(config);
  upstream.mustNotSee(parley.key);
  after(async () => {
    await parley.stop();
    await upstream.stop();
  });
  return { upstream, parley, client: sdk(parley) };
}

export function sdk(parley, more = {}, Sdk = OpenAI) {
  const options = { baseURL: `${parley.url}/v1`, apiKey: parley.key, maxRetries: 0, ...more };
  return new Sdk(options);
}

export const user = (content) => [{ role: 'user', content }];

/** What a model answers to "hi", or the status of the refusal. */
export async function answerOf(parley, model) {
  try {
    const got = await sdk(parley).chat.completions.create({ model, messages: user('hi') });
    return got.choices[0].message.content;
  } catch (error) {
    return error.status;
  }
}

export async function collect(stream) {
  const all = [];
  for await (const item of stream) all.push(item);
  return all;
}

export const textOf = (chunks) => chunks.map((c) => c.choices[0]?.delta?.content ?? '').join('');
