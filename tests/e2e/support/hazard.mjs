// A Parley under its supervisor, with a plugin that goes wrong on purpose beside a provider that
// does not.
import { copyFileSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { user } from './house.mjs';
import { configuration, Parley } from './parley.mjs';
import { once } from './raw.mjs';
import { completion } from './replies.mjs';

export const path = '/v1/chat/completions';
export const library = process.env.PARLEY_TEST_HAZARD;
export const folder = mkdtempSync(join(tmpdir(), 'parley-hazard-'));
export const plugins = join(folder, 'plugins');
mkdirSync(plugins, { mode: 0o700 });

/** Puts the library into the plugin folder, as it was built. */
export const putLibrary = () => copyFileSync(library, join(plugins, 'hazard.so'));
putLibrary();

// A crash must end the process as it would without a sanitizer.
export const env = {
  ASAN_OPTIONS: 'handle_segv=0:handle_abort=0:abort_on_error=1:detect_leaks=0',
  // What writes the stack of a thread that is held up may not be safe in a signal; it is asked for.
  TSAN_OPTIONS: 'handle_segv=0:handle_abort=0:report_signal_unsafe=0',
};

/** Models `hazard-…` of the plugin, and `calm` at the upstream. */
export const withHazard = (upstream, more = {}) => ({
  ...configuration(upstream, more),
  plugins: { folders: [plugins] },
  provider: [
    { name: 'hazard' },
    {
      name: 'up',
      plugin: 'openai',
      base_url: `${upstream.url}/v1`,
      models: ['calm'],
      account: [{ label: 'main', api_key: upstream.key }],
    },
  ],
});

export const calm = (request, reply) => reply.json(200, completion(request, { content: 'calm' }));
export const auth = (parley) => ({ authorization: `Bearer ${parley.key}` });
export const question = (model, more = {}) =>
  JSON.stringify({ model, messages: user('hi'), ...more });
export const ask = (parley, model, more = {}) =>
  once(parley.port, 'POST', path, auth(parley), question(model, more));

export const supervised = (config, more = {}) =>
  Parley.start(config, { ...more, env: { ...env, ...more.env }, supervised: true });
