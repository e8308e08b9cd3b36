// The coding tools: how each is pointed at Parley and kept to itself, and how it is told to work.
//   wire       its own dialect, by the name of wires.mjs
//   program    what is run, in node_modules
//   models     what it asks for; the first where one is enough
//   sign       how Parley tells it that a silent stream lives
//   failed     whether it says that it has not succeeded
//   timeOfDay  how it says when a quota that is spent is there again, if it does
//   prepare(url, key, model)   -> {args, env, files}; the prompt is the last argument
//   work(folder)              -> the calls that write the file and then add to it
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const modules = join(dirname(fileURLToPath(import.meta.url)), '../node_modules');

export const kFile = 'greeting.txt';
export const kFirst = 'Grüße aus "Zürich" 🎉';
export const kSecond = 'and a second line';

const append = (file) => `printf '%s\\n' '${kSecond}' >> '${file}' && cat '${file}'`;

const claude = {
  wire: 'anthropic',
  program: [join(modules, '@anthropic-ai/claude-code-linux-x64/claude')],
  // The newer one is sent instructions amid the talk, too.
  models: ['claude-sonnet-4-6', 'claude-opus-5-5'],
  sign: /^event: ping$/m,
  failed: ({ code }) => code !== 0,
  prepare: (url, key, model) => ({
    args: ['--permission-mode', 'acceptEdits', '--allowedTools', 'Bash,Write', '-p'],
    env: {
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_AUTH_TOKEN: key,
      ANTHROPIC_MODEL: model,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      CLAUDE_CODE_MAX_RETRIES: '2',
      DISABLE_AUTOUPDATER: '1',
    },
  }),
  work: (file) => [
    { name: 'Write', args: { file_path: file, content: `${kFirst}\n` } },
    { name: 'Bash', args: { command: append(file), description: 'Add a line' } },
  ],
};

const codex = {
  wire: 'responses',
  program: [join(modules, '@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex')],
  models: ['gpt-5.5'],
  sign: /^: |"type":"keepalive"/m, // before the first event and after
  failed: ({ code }) => code !== 0,
  timeOfDay: (ms) => {
    const clock = { hour: 'numeric', minute: '2-digit', hour12: true, timeZone: 'UTC' };
    return new Date(ms).toLocaleTimeString('en-US', clock).replace(/\s/, ' ');
  },
  prepare: (url, key, model) => ({
    args: ['exec', '--skip-git-repo-check', '--sandbox', 'danger-full-access'],
    env: { GATEWAY_KEY: key, TZ: 'UTC' },
    files: {
      '.codex/config.toml': `
        model = "${model}"
        model_provider = "gateway"
        check_for_update_on_startup = false
        [analytics]
        enabled = false
        [model_providers.gateway]
        name = "gateway"
        base_url = "${url}/v1"
        wire_api = "responses"
        env_key = "GATEWAY_KEY"
        request_max_retries = 2
        stream_max_retries = 1`,
    },
  }),
  // Its patches are no JSON: a tool of Responses that takes free text, where the dialect has such.
  work: (file) => [
    { name: 'exec_command', args: { cmd: `printf '%s\\n' '${kFirst}' > '${file}'` } },
    {
      name: 'apply_patch',
      input: [
        '*** Begin Patch',
        `*** Update File: ${file}`,
        '@@',
        ` ${kFirst}`,
        `+${kSecond}`,
        '*** End Patch',
        '',
      ].join('\n'),
    },
  ],
};

const gemini = {
  wire: 'gemini',
  program: [process.execPath, join(modules, '@google/gemini-cli/bundle/gemini.js')],
  models: ['gemini-3-pro-preview'],
  sign: /(^|\n)2\r\n\n\n\r\n/, // a chunk of two empty lines
  failed: ({ code, err }) => code !== 0 || err.includes('[ERROR]'),
  prepare: (url, key, model) => ({
    args: ['--approval-mode', 'yolo', '-m', model, '-p'],
    env: {
      GOOGLE_GEMINI_BASE_URL: url,
      GEMINI_API_KEY: key,
      GEMINI_CLI_TRUST_WORKSPACE: 'true',
      GEMINI_TELEMETRY_ENABLED: 'false',
      GEMINI_CLI_NO_RELAUNCH: 'true',
    },
    files: {
      '.gemini/settings.json': JSON.stringify({
        security: { auth: { selectedType: 'gemini-api-key' } },
        privacy: { usageStatisticsEnabled: false },
        general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
        telemetry: { enabled: false },
      }),
    },
  }),
  work: (file) => [
    { name: 'write_file', args: { file_path: file, content: `${kFirst}\n` } },
    { name: 'run_shell_command', args: { command: append(file), description: 'Add a line' } },
  ],
};

export const tools = { claude, codex, gemini };
