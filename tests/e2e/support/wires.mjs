// The four wires as upstreams speak them. Each reads a request into what it means and writes an
// answer that is told in plain words:
//   {text, thinking, seal, calls: [{id, name, args}], finish: 'stop' | 'tool_calls' | 'length',
//    usage: {input, output, cached, reasoning}}
// `seal` is what the upstream signs its thinking with and wants back beside it; a call with `input`
// in place of `args` is one of a tool with free text. `counts` are the paths of those that count
// tokens, and `count` is how they tell. `spent` is the refusal of who has used up what it paid for.
import { data, kDone } from './replies.mjs';

let serial = 0;
/** An id that no other answer has: clients keep what they were told by it. */
const fresh = (prefix) => `${prefix}${++serial}`;
const joined = (content, pick = (part) => part.text ?? '') =>
  typeof content === 'string' ? content : (content ?? []).map(pick).join('');
const parse = (text) => JSON.parse(text === '' ? '{}' : text);
/** Two pieces, so that every delta path is walked. */
const halves = (text) => {
  const at = Math.ceil(text.length / 2);
  return [text.slice(0, at), text.slice(at)].filter((piece) => piece !== '');
};
/** Counts that an answer leaves out are 0. */
const counted = ({ usage }) => ({ cached: 0, reasoning: 0, ...usage });
const named = (event) => `event: ${event.type}\n${data(event)}`;

const chat = {
  plugin: 'openai',
  dialect: 'openai-chat',
  base: (url) => `${url}/v1`,
  settings: { dialects: ['openai-chat'] },
  key: (headers) => headers.authorization?.replace('Bearer ', ''),
  is: (path) => path === '/v1/chat/completions',
  counts: () => false,
  read({ json }) {
    const of = (...roles) => json.messages.filter((m) => roles.includes(m.role));
    return {
      model: json.model,
      stream: json.stream ?? false,
      system: of('system', 'developer')
        .map((m) => joined(m.content))
        .join('\n'),
      user: of('user').map((m) => joined(m.content)),
      images: of('user').flatMap((m) =>
        typeof m.content === 'string' ? [] : m.content.filter((p) => p.type === 'image_url'),
      ).length,
      tools: (json.tools ?? []).map((t) => t.function?.name ?? t.custom.name),
      customs: (json.tools ?? []).filter((t) => t.custom).map((t) => t.custom.name),
      calls: of('assistant').flatMap((m) =>
        (m.tool_calls ?? []).map((c) => ({
          id: c.id,
          name: c.function.name,
          args: parse(c.function.arguments),
        })),
      ),
      results: of('tool').map((m) => ({ id: m.tool_call_id, text: joined(m.content) })),
      seals: [],
      thoughts: of('assistant').flatMap((m) => m.reasoning_content ?? []),
      limit: json.max_completion_tokens ?? json.max_tokens,
      temperature: json.temperature,
    };
  },
  whole(request, a) {
    const tool_calls = a.calls?.map((c) => ({
      id: c.id,
      type: 'function',
      function: { name: c.name, arguments: JSON.stringify(c.args) },
    }));
    const message = { role: 'assistant', content: a.text ?? null, refusal: null, tool_calls };
    if (a.thinking) message.reasoning_content = a.thinking;
    return {
      id: fresh('chatcmpl-'),
      object: 'chat.completion',
      created: 1_790_000_000,
      model: request.model,
      choices: [{ index: 0, message, logprobs: null, finish_reason: a.finish }],
      usage: this.usage(a),
    };
  },
  usage(a) {
    const { input, output, cached, reasoning } = counted(a);
    return {
      prompt_tokens: input,
      completion_tokens: output,
      total_tokens: input + output,
      prompt_tokens_details: { cached_tokens: cached },
      completion_tokens_details: { reasoning_tokens: reasoning },
    };
  },
  stream(request, a) {
    const id = fresh('chatcmpl-');
    const chunk = (choices, more) =>
      data({
        id,
        object: 'chat.completion.chunk',
        created: 1_790_000_000,
        model: request.model,
        choices,
        ...more,
      });
    const delta = (delta, finish_reason = null) => chunk([{ index: 0, delta, finish_reason }]);
    return [
      delta({ role: 'assistant', content: '' }),
      ...halves(a.thinking ?? '').map((reasoning_content) => delta({ reasoning_content })),
      ...halves(a.text ?? '').map((content) => delta({ content })),
      ...(a.calls ?? []).flatMap((c, index) => [
        delta({
          tool_calls: [
            { index, id: c.id, type: 'function', function: { name: c.name, arguments: '' } },
          ],
        }),
        ...halves(JSON.stringify(c.args)).map((piece) =>
          delta({ tool_calls: [{ index, function: { arguments: piece } }] }),
        ),
      ]),
      delta({}, a.finish),
      chunk([], { usage: this.usage(a) }),
      kDone,
    ];
  },
  error(status, message) {
    const [type, code] =
      status === 429 ? ['requests', 'rate_limit_exceeded'] : ['server_error', null];
    return { error: { message, type, param: null, code } };
  },
  spent: (message) => ({
    error: { message, type: 'insufficient_quota', param: null, code: 'insufficient_quota' },
  }),
};

const responses = {
  plugin: 'openai',
  dialect: 'openai-responses',
  base: (url) => `${url}/v1`,
  settings: { dialects: ['openai-responses'] },
  key: chat.key,
  is: (path) => path === '/v1/responses',
  counts: (path) => path === '/v1/responses/input_tokens',
  count: (n) => ({ object: 'response.input_tokens', input_tokens: n }),
  read({ json }) {
    const items =
      typeof json.input === 'string' ? [{ role: 'user', content: json.input }] : json.input;
    const of = (type) => items.filter((i) => (i.type ?? 'message') === type);
    const messages = of('message');
    return {
      model: json.model,
      stream: json.stream ?? false,
      system: [
        json.instructions,
        ...messages
          .filter((m) => ['system', 'developer'].includes(m.role))
          .map((m) => joined(m.content)),
      ]
        .filter(Boolean)
        .join('\n'),
      user: messages.filter((m) => m.role === 'user').map((m) => joined(m.content)),
      images: messages.flatMap((m) =>
        typeof m.content === 'string' ? [] : m.content.filter((p) => p.type === 'input_image'),
      ).length,
      tools: (json.tools ?? []).map((t) => t.name).filter(Boolean),
      customs: (json.tools ?? []).filter((t) => t.type === 'custom').map((t) => t.name),
      calls: items
        .filter((i) => ['function_call', 'custom_tool_call'].includes(i.type))
        .map((c) => ({
          id: c.call_id,
          name: c.name,
          ...(c.type === 'function_call' ? { args: parse(c.arguments) } : { input: c.input }),
        })),
      results: items
        .filter((i) => ['function_call_output', 'custom_tool_call_output'].includes(i.type))
        .map((r) => ({ id: r.call_id, text: joined(r.output) })),
      seals: of('reasoning').map((r) => r.encrypted_content),
      thoughts: of('reasoning').map((r) => joined(r.summary)),
      limit: json.max_output_tokens,
      temperature: json.temperature,
    };
  },
  items(a) {
    const text = a.text && {
      id: fresh('msg_'),
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_text', text: a.text, annotations: [], logprobs: [] }],
    };
    const thinking = a.thinking && {
      id: fresh('rs_'),
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: a.thinking }],
      encrypted_content: a.seal,
    };
    const calls = (a.calls ?? []).map((c) => ({
      id: fresh('input' in c ? 'ctc_' : 'fc_'),
      type: 'input' in c ? 'custom_tool_call' : 'function_call',
      status: 'completed',
      call_id: c.id,
      name: c.name,
      ...('input' in c ? { input: c.input } : { arguments: JSON.stringify(c.args) }),
    }));
    return [thinking, text, ...calls].filter(Boolean);
  },
  whole(request, a) {
    const cut = a.finish === 'length';
    const { input, output, cached, reasoning } = counted(a);
    return {
      id: fresh('resp_'),
      object: 'response',
      created_at: 1_790_000_000,
      status: cut ? 'incomplete' : 'completed',
      error: null,
      incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
      instructions: null,
      metadata: {},
      model: request.model,
      output: this.items(a),
      parallel_tool_calls: true,
      temperature: 1,
      tool_choice: 'auto',
      tools: [],
      top_p: 1,
      usage: {
        input_tokens: input,
        input_tokens_details: { cached_tokens: cached },
        output_tokens: output,
        output_tokens_details: { reasoning_tokens: reasoning },
        total_tokens: input + output,
      },
    };
  },
  stream(request, a) {
    const whole = this.whole(request, a);
    const begun = { ...whole, status: 'in_progress', output: [], usage: null };
    const events = [
      { type: 'response.created', response: begun },
      { type: 'response.in_progress', response: begun },
    ];
    whole.output.forEach((item, output_index) => {
      const at = { item_id: item.id, output_index };
      if (item.type === 'message') {
        const [part] = item.content;
        const of = { ...at, content_index: 0 };
        events.push(
          { type: 'response.output_item.added', output_index, item: { ...item, content: [] } },
          { type: 'response.content_part.added', ...of, part: { ...part, text: '' } },
          ...halves(part.text).map((delta) => ({
            type: 'response.output_text.delta',
            ...of,
            delta,
            logprobs: [],
          })),
          { type: 'response.output_text.done', ...of, text: part.text, logprobs: [] },
          { type: 'response.content_part.done', ...of, part },
        );
      } else if (item.type === 'reasoning') {
        const [part] = item.summary;
        const of = { ...at, summary_index: 0 };
        events.push(
          { type: 'response.output_item.added', output_index, item: { ...item, summary: [] } },
          { type: 'response.reasoning_summary_part.added', ...of, part: { ...part, text: '' } },
          ...halves(part.text).map((delta) => ({
            type: 'response.reasoning_summary_text.delta',
            ...of,
            delta,
          })),
          { type: 'response.reasoning_summary_text.done', ...of, text: part.text },
          { type: 'response.reasoning_summary_part.done', ...of, part },
        );
      } else {
        const isCustom = item.type === 'custom_tool_call';
        const field = isCustom ? 'input' : 'arguments';
        const event = `response.${isCustom ? 'custom_tool_call_input' : 'function_call_arguments'}`;
        events.push(
          { type: 'response.output_item.added', output_index, item: { ...item, [field]: '' } },
          ...halves(item[field]).map((delta) => ({ type: `${event}.delta`, ...at, delta })),
          { type: `${event}.done`, ...at, [field]: item[field] },
        );
      }
      events.push({ type: 'response.output_item.done', output_index, item });
    });
    events.push({ type: `response.${whole.status}`, response: whole });
    return events.map((event, sequence_number) => named({ ...event, sequence_number }));
  },
  error: chat.error,
  spent: (message, wait_s) => ({
    error: { message, type: 'usage_limit_reached', plan_type: 'plus', resets_in_seconds: wait_s },
  }),
};

const anthropic = {
  plugin: 'claude',
  dialect: 'anthropic-messages',
  base: (url) => url,
  settings: {},
  key: (headers) => headers['x-api-key'],
  is: (path) => path === '/v1/messages',
  counts: (path) => path === '/v1/messages/count_tokens',
  count: (n) => ({ input_tokens: n }),
  read({ json }) {
    const blocks = (role) =>
      json.messages
        .filter((m) => m.role === role)
        .map((m) =>
          typeof m.content === 'string' ? [{ type: 'text', text: m.content }] : m.content,
        );
    const all = [...blocks('user'), ...blocks('assistant')].flat();
    return {
      model: json.model,
      stream: json.stream ?? false,
      system: joined(json.system),
      user: blocks('user')
        .map((content) => joined(content.filter((b) => b.type === 'text')))
        .filter((text) => text !== ''),
      images: all.filter((b) => b.type === 'image').length,
      tools: (json.tools ?? []).map((t) => t.name),
      customs: [],
      calls: all
        .filter((b) => b.type === 'tool_use')
        .map((b) => ({ id: b.id, name: b.name, args: b.input })),
      results: all
        .filter((b) => b.type === 'tool_result')
        .map((b) => ({ id: b.tool_use_id, text: joined(b.content) })),
      seals: all.filter((b) => b.type === 'thinking').map((b) => b.signature),
      thoughts: all.filter((b) => b.type === 'thinking').map((b) => b.thinking),
      limit: json.max_tokens,
      temperature: json.temperature,
    };
  },
  reason: { stop: 'end_turn', tool_calls: 'tool_use', length: 'max_tokens' },
  blocks: (a) => [
    ...(a.thinking ? [{ type: 'thinking', thinking: a.thinking, signature: a.seal ?? '' }] : []),
    ...(a.text ? [{ type: 'text', text: a.text }] : []),
    ...(a.calls ?? []).map((c) => ({ type: 'tool_use', id: c.id, name: c.name, input: c.args })),
  ],
  usage(a) {
    const { input, output, cached, reasoning } = counted(a);
    return {
      input_tokens: input - cached,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: cached,
      output_tokens: output,
      output_tokens_details: { thinking_tokens: reasoning },
    };
  },
  whole(request, a) {
    return {
      id: fresh('msg_'),
      type: 'message',
      role: 'assistant',
      model: request.model,
      content: this.blocks(a),
      stop_reason: this.reason[a.finish],
      stop_sequence: null,
      usage: this.usage(a),
    };
  },
  /** How each kind of block begins and goes on. */
  pieces: {
    text: ({ text }) => [
      { type: 'text', text: '' },
      halves(text).map((text) => ({ type: 'text_delta', text })),
    ],
    thinking: ({ thinking, signature }) => [
      { type: 'thinking', thinking: '', signature: '' },
      [
        ...halves(thinking).map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature },
      ],
    ],
    tool_use: (block) => [
      { ...block, input: {} },
      halves(JSON.stringify(block.input)).map((partial_json) => ({
        type: 'input_json_delta',
        partial_json,
      })),
    ],
  },
  stream(request, a) {
    const begun = { ...this.whole(request, a), content: [], stop_reason: null };
    begun.usage = { ...begun.usage, output_tokens: 1 };
    const events = [{ type: 'message_start', message: begun }, { type: 'ping' }];
    this.blocks(a).forEach((block, index) => {
      const [content_block, deltas] = this.pieces[block.type](block);
      events.push(
        { type: 'content_block_start', index, content_block },
        ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
        { type: 'content_block_stop', index },
      );
    });
    const delta = { stop_reason: this.reason[a.finish], stop_sequence: null };
    events.push({ type: 'message_delta', delta, usage: this.usage(a) }, { type: 'message_stop' });
    return events.map(named);
  },
  error: (status, message) => ({
    type: 'error',
    error: { type: status === 429 ? 'rate_limit_error' : 'api_error', message },
  }),
  spent: (message) => ({
    type: 'error',
    error: {
      type: 'rate_limit_error',
      message,
      details: { error_code: 'enforced_spend_limit_reached' },
    },
  }),
};

const gemini = {
  plugin: 'gemini',
  dialect: 'gemini-generate',
  base: (url) => url,
  settings: {},
  key: (headers) => headers['x-goog-api-key'],
  is: (path) => /^\/v1(beta)?\/models\/[^/]+:(stream)?[gG]enerateContent$/.test(path),
  counts: (path) => /^\/v1(beta)?\/models\/[^/]+:countTokens$/.test(path),
  count: (n) => ({ totalTokens: n }),
  read({ json, path }) {
    const parts = json.contents.flatMap((c) => c.parts.map((p) => ({ ...p, role: c.role })));
    const config = json.generationConfig ?? {};
    return {
      model: path.match(/models\/([^:]+):/)[1],
      stream: path.endsWith(':streamGenerateContent'),
      system: joined(json.systemInstruction?.parts),
      user: json.contents
        .filter((c) => c.role === 'user')
        .map((c) => joined(c.parts))
        .filter((text) => text !== ''),
      images: parts.filter((p) => p.inlineData).length,
      tools: (json.tools ?? []).flatMap((t) => t.functionDeclarations ?? []).map((f) => f.name),
      customs: [],
      calls: parts
        .filter((p) => p.functionCall)
        .map((p) => ({
          id: p.functionCall.id,
          name: p.functionCall.name,
          args: p.functionCall.args,
        })),
      results: parts
        .filter((p) => p.functionResponse)
        .map(({ functionResponse: r }) => ({
          id: r.id,
          text: r.response.output ?? JSON.stringify(r.response),
        })),
      seals: parts.map((p) => p.thoughtSignature).filter(Boolean),
      thoughts: parts.filter((p) => p.thought).map((p) => p.text),
      limit: config.maxOutputTokens,
      temperature: config.temperature,
    };
  },
  chunk(request, a, parts, finishReason, responseId = fresh('r')) {
    const { input, output, cached, reasoning } = counted(a);
    return {
      candidates: [{ content: { role: 'model', parts }, finishReason, index: 0 }],
      usageMetadata: {
        promptTokenCount: input,
        candidatesTokenCount: output - reasoning,
        totalTokenCount: input + output,
        ...(cached ? { cachedContentTokenCount: cached } : {}),
        ...(reasoning ? { thoughtsTokenCount: reasoning } : {}),
      },
      modelVersion: request.model,
      responseId,
    };
  },
  reason: { stop: 'STOP', tool_calls: 'STOP', length: 'MAX_TOKENS' },
  /** The first of several calls carries the seal. */
  calls: (a) =>
    (a.calls ?? []).map((c, i) => ({
      functionCall: { id: c.id, name: c.name, args: c.args },
      ...(a.seal && i === 0 ? { thoughtSignature: a.seal } : {}),
    })),
  whole(request, a) {
    const thinking = a.thinking ? [{ text: a.thinking, thought: true }] : [];
    const parts = [...thinking, ...(a.text ? [{ text: a.text }] : []), ...this.calls(a)];
    return this.chunk(request, a, parts, this.reason[a.finish]);
  },
  stream(request, a) {
    const id = fresh('r');
    const parts = [
      ...halves(a.thinking ?? '').map((text) => ({ text, thought: true })),
      ...halves(a.text ?? '').map((text) => ({ text })),
      ...this.calls(a),
    ];
    return [
      ...parts.map((part) => this.chunk(request, a, [part], undefined, id)),
      this.chunk(request, a, [{ text: '' }], this.reason[a.finish], id),
    ].map(data);
  },
  error: (status, message) => ({
    error: { code: status, message, status: status === 429 ? 'RESOURCE_EXHAUSTED' : 'INTERNAL' },
  }),
  spent: (message, wait_s) => ({
    error: {
      code: 429,
      message,
      status: 'RESOURCE_EXHAUSTED',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
          violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel' }],
        },
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${wait_s}s` },
      ],
    },
  }),
};

export const wires = { chat, responses, anthropic, gemini };

/** A provider of each wire, with the upstream of its name and models such as `m-<name>`. */
export const providers = (upstreams, modelsOf = (name) => [`m-${name}`]) =>
  Object.entries(wires).map(([name, wire]) => ({
    name,
    plugin: wire.plugin,
    base_url: wire.base(upstreams[name].url),
    ...wire.settings,
    models: modelsOf(name),
    account: [{ label: 'main', api_key: upstreams[name].key }],
  }));
