// Streams as upstreams of the four wires might send them, made of a number: the same number gives
// the same bytes. Everything that a wire allows and that its own SDK can read is thrown for: which
// parts there are and how they are cut into deltas, calls whose deltas interleave, where usage and
// the end stand, escapes, line ends, comments.
import { dice } from './dice.mjs';

const kTexts = [
  'Hello', ' ', 'world', '\n', '\n\n', '\t', '"quoted"', "it's", '\\', '/', 'naïve', 'Grüße', '東京',
  '🎉', '👩‍👩‍👧‍👦', '🇨🇭', 'שלום', 'é', '\u2028', '\u0007', '\u00a0', '\ufeff', '𝔘𝔫𝔦', '</script>',
  'data: [DONE]', '\r\n\r\n', 'event: error', '{"a":', ']}', '<think>', '%20', '0', 'null',
];
const kNames = ['read_file', 'weather', 'a', 'mcp__server__tool', 'do-it', 'X9'];
const kKeys = ['path', 'q', 'größe', 'a b', '', 'x.y', '"', '0', 'nested', '__proto'];

/** What a stream of this number is made of. */
class Maker {
  constructor(seed) {
    this.roll = dice(seed);
  }

  one(list) {
    return list[this.roll(list.length)];
  }

  /** True in `n` of 10 cases. */
  often(n) {
    return this.roll(10) < n;
  }

  count(most) {
    return this.roll(most + 1);
  }

  text(most = 12) {
    return Array.from({ length: this.count(most) }, () => this.one(kTexts)).join('');
  }

  value(depth = 0) {
    const kinds = depth > 2 ? 5 : 7;
    switch (this.roll(kinds)) {
      case 0: return this.text(4);
      case 1: return this.roll(2) === 1;
      case 2: return null;
      case 3: return this.one([0, -1, 1.5, 1e21, 12345678901, 1e-7, -0.25]);
      case 4: return this.roll(100000);
      case 5: return Array.from({ length: this.count(3) }, () => this.value(depth + 1));
      default: return this.object(depth + 1);
    }
  }

  object(depth = 0) {
    return Object.fromEntries(
      Array.from({ length: this.count(4) }, () => [this.one(kKeys), this.value(depth)]),
    );
  }

  /** Cut between code points, with empty pieces now and then; never none. */
  cut(text) {
    const points = [...text];
    const pieces = [];
    while (points.length) pieces.push(points.splice(0, 1 + this.roll(this.one([1, 4, 40]))).join(''));
    if (!pieces.length || this.often(1)) pieces.splice(this.roll(pieces.length + 1), 0, '');
    return pieces;
  }

  /** As some servers write JSON: in ASCII, or over several lines. */
  json(value, mayBreak = true) {
    const text = JSON.stringify(value, null, this.often(1) && mayBreak ? 1 : 0);
    if (!this.often(3)) return text;
    return text.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  }

  calls(least = 0) {
    const count = Math.max(least, this.often(5) ? this.count(4) : 0);
    return Array.from({ length: count }, (_, i) => ({
      id: `call_${i}_${this.roll(1e6)}`,
      name: this.one(kNames),
      args: this.object(),
    }));
  }

  usage() {
    const input = this.roll(5000);
    const output = this.roll(3000);
    return {
      input,
      output,
      cached: this.often(5) ? this.roll(input + 1) : 0,
      reasoning: this.often(5) ? this.roll(output + 1) : 0,
    };
  }
}

/** Several lists as one, each in its own order; none begins before the one in front of it. */
function braided(maker, lists) {
  const waiting = lists.map((list) => [...list]);
  const begun = [];
  const out = [];
  while (waiting.length || begun.length) {
    const at = maker.roll(begun.length + (waiting.length ? 1 : 0));
    if (at === begun.length) begun.push(waiting.shift());
    out.push(begun[at].shift());
    if (!begun[at].length) begun.splice(at, 1);
  }
  return out;
}

/** One event as this stream writes its events. `name` is that of the event line. */
function framing(maker, { comments, tight }) {
  const end = maker.often(2) ? '\r\n' : '\n';
  const colon = tight && maker.often(3) ? ':' : ': ';
  const speaks = comments && maker.often(3);
  return (json, name) => {
    const note = speaks && maker.often(2) ? `: still here${end}${end}` : '';
    const event = name ? `event${colon}${name}${end}` : '';
    // JSON with line breaks takes a data line for each.
    const data = json.split('\n').map((line) => `data${colon}${line}${end}`).join('');
    return `${note}${event}${data}${end}`;
  };
}

// ---- chat ----

function chatUsage(maker) {
  const { input, output, cached, reasoning } = maker.usage();
  const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
  if (cached || maker.often(5)) usage.prompt_tokens_details = { cached_tokens: cached };
  if (reasoning || maker.often(5)) usage.completion_tokens_details = { reasoning_tokens: reasoning };
  return usage;
}

/** The deltas of one call: its name comes first, and whole. */
function chatCall(maker, call, index) {
  const args = Object.keys(call.args).length || maker.often(5) ? maker.json(call.args) : '';
  const begin = { index, id: call.id, type: 'function', function: { name: call.name } };
  const pieces = maker.often(2) ? [args] : maker.cut(args);
  if (maker.often(5)) begin.function.arguments = maker.often(5) ? pieces.shift() : '';
  const more = pieces.map((piece) => ({ index, function: { arguments: piece } }));
  return [begin, ...more].map((one) => ({ tool_calls: [one] }));
}

function chat(maker) {
  const event = framing(maker, { comments: true, tight: true });
  const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_790_000_000, model: 'm' };
  const field = maker.one(['reasoning_content', 'reasoning']);
  const thoughts = maker.often(5) ? maker.cut(maker.text(20)) : [];
  const calls = maker.calls();
  const lists = calls.map((call, i) => chatCall(maker, call, i));
  // In order, or all at once.
  const callDeltas = maker.often(5) ? braided(maker, lists) : lists.flat();
  const texts = maker.often(8) ? maker.cut(maker.text(30)) : [];
  const deltas = [
    ...thoughts.map((piece) => ({ [field]: piece })),
    ...texts.map((piece) => ({ content: piece })),
    ...callDeltas,
  ];
  if (maker.often(2)) deltas.splice(maker.roll(deltas.length + 1), 0, {});
  if (maker.often(8)) deltas.unshift({ role: 'assistant', content: maker.often(5) ? '' : null });
  const finish = maker.often(1) && !calls.length ? 'length' : calls.length ? 'tool_calls' : 'stop';
  const usage = chatUsage(maker);
  const repeatsNull = maker.often(3);
  const chunk = (choices, more) =>
    event(maker.json({ ...head, choices, ...(repeatsNull ? { usage: null } : {}), ...more }));
  const chunks = deltas.map((delta) => chunk([{ index: 0, delta, finish_reason: null }]));
  const usageStands = maker.roll(3); // behind the end, beside it, or both
  const beside = usageStands > 0 ? { usage } : {};
  chunks.push(chunk([{ index: 0, delta: {}, finish_reason: finish }], beside));
  if (usageStands !== 1) chunks.push(chunk([], { usage }));
  return [...chunks, event('[DONE]')];
}

// ---- responses ----

function responsesItem(maker, item, output_index) {
  const at = { item_id: item.id, output_index };
  const events = [];
  const push = (type, more) => events.push({ type: `response.${type}`, ...more });
  const open = { ...item, status: 'in_progress' };
  for (const field of ['content', 'summary']) if (open[field]) open[field] = [];
  if ('arguments' in open) open.arguments = '';
  push('output_item.added', { output_index, item: open });
  if (item.type === 'message') {
    item.content.forEach((part, content_index) => {
      const of = { ...at, content_index };
      const [word, field] = part.type === 'refusal' ? ['refusal', 'refusal'] : ['output_text', 'text'];
      push('content_part.added', { ...of, part: { ...part, [field]: '' } });
      for (const delta of maker.cut(part[field])) push(`${word}.delta`, { ...of, delta });
      push(`${word}.done`, { ...of, [field]: part[field] });
      push('content_part.done', { ...of, part });
    });
  } else if (item.type === 'reasoning') {
    item.summary.forEach((part, summary_index) => {
      const of = { ...at, summary_index };
      push('reasoning_summary_part.added', { ...of, part: { ...part, text: '' } });
      for (const delta of maker.cut(part.text)) push('reasoning_summary_text.delta', { ...of, delta });
      push('reasoning_summary_text.done', { ...of, text: part.text });
      push('reasoning_summary_part.done', { ...of, part });
    });
  } else {
    for (const delta of maker.cut(item.arguments)) push('function_call_arguments.delta', { ...at, delta });
    push('function_call_arguments.done', { ...at, arguments: item.arguments });
  }
  push('output_item.done', { output_index, item });
  return events;
}

function responsesItems(maker) {
  const items = [];
  if (maker.often(5)) {
    const summary = Array.from({ length: 1 + maker.count(2) }, () => ({
      type: 'summary_text',
      text: maker.text(8),
    }));
    items.push({ id: 'rs_0', type: 'reasoning', summary, encrypted_content: 'c2VhbA==' });
  }
  const message = (id) => ({
    id,
    type: 'message',
    status: 'completed',
    role: 'assistant',
    content: Array.from({ length: 1 + maker.count(1) }, () => ({
      type: 'output_text',
      text: maker.text(15),
      annotations: [],
      logprobs: [],
    })),
  });
  if (maker.often(8)) items.push(message('msg_0'));
  const calls = maker.calls().map((call, i) => ({
    id: `fc_${i}`,
    type: 'function_call',
    status: 'completed',
    call_id: call.id,
    name: call.name,
    arguments: maker.json(call.args),
  }));
  items.push(...calls);
  if (maker.often(1)) items.push(message('msg_1'));
  return { items, calls };
}

function responses(maker) {
  const event = framing(maker, { comments: true, tight: true });
  const { items, calls } = responsesItems(maker);
  const cut = maker.often(1) && !calls.length;
  const { input, output, cached, reasoning } = maker.usage();
  const whole = {
    id: 'resp_1',
    object: 'response',
    created_at: 1_790_000_000,
    status: cut ? 'incomplete' : 'completed',
    error: null,
    incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
    model: 'm',
    output: items,
    parallel_tool_calls: true,
    tool_choice: 'auto',
    tools: [],
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: cached },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: reasoning },
      total_tokens: input + output,
    },
  };
  const begun = { ...whole, status: 'in_progress', output: [], usage: null, incomplete_details: null };
  const lists = items.map((item, i) => responsesItem(maker, item, i));
  const first = lists.findIndex((_, i) => items[i].type === 'function_call');
  const inOrder = maker.often(6) || first < 0 || items.at(-1).type !== 'function_call';
  const told = inOrder ? lists.flat() : [...lists.slice(0, first).flat(), ...braided(maker, lists.slice(first))];
  const events = [
    { type: 'response.created', response: begun },
    ...(maker.often(7) ? [{ type: 'response.in_progress', response: begun }] : []),
    ...told,
    { type: `response.${whole.status}`, response: whole },
  ];
  const pads = maker.often(3);
  return events.map((one, sequence_number) => {
    const more = pads && one.type.endsWith('.delta') ? { obfuscation: 'x'.repeat(maker.roll(9)) } : {};
    return event(maker.json({ ...one, ...more, sequence_number }), one.type);
  });
}

// ---- messages ----

function messagesBlocks(maker) {
  const thinking = (text) => ({ type: 'thinking', thinking: text, signature: 'c2VhbA==' });
  const blocks = [];
  if (maker.often(5)) blocks.push(thinking(maker.text(20)));
  if (maker.often(1)) blocks.push({ type: 'redacted_thinking', data: 'c2VjcmV0' });
  if (maker.often(8)) blocks.push({ type: 'text', text: maker.text(25) });
  const calls = maker.calls();
  for (const call of calls) {
    blocks.push({ type: 'tool_use', id: `toolu_${call.id}`, name: call.name, input: call.args });
    if (maker.often(1)) blocks.push({ type: 'text', text: maker.text(5) });
  }
  return { blocks, calls };
}

function messagesDeltas(maker, block) {
  switch (block.type) {
    case 'text':
      return [{ type: 'text', text: '' }, maker.cut(block.text).map((text) => ({ type: 'text_delta', text }))];
    case 'thinking':
      return [
        { type: 'thinking', thinking: '', signature: '' },
        [
          ...maker.cut(block.thinking).map((thinking) => ({ type: 'thinking_delta', thinking })),
          { type: 'signature_delta', signature: block.signature },
        ],
      ];
    case 'tool_use': {
      const isEmpty = !Object.keys(block.input).length && maker.often(5);
      const pieces = isEmpty ? [''] : maker.cut(maker.json(block.input));
      return [
        { ...block, input: {} },
        pieces.map((partial_json) => ({ type: 'input_json_delta', partial_json })),
      ];
    }
    default:
      return [block, []];
  }
}

function messages(maker) {
  const event = framing(maker, { comments: true, tight: false });
  const { blocks, calls } = messagesBlocks(maker);
  const { input, output, cached, reasoning } = maker.usage();
  const created = maker.often(3) ? maker.roll(input - cached + 1) : 0;
  const counts = {
    input_tokens: input - cached - created,
    cache_creation_input_tokens: created,
    cache_read_input_tokens: cached,
  };
  const details = reasoning ? { output_tokens_details: { thinking_tokens: reasoning } } : {};
  const finish = maker.often(1) && !calls.length ? 'max_tokens' : calls.length ? 'tool_use' : 'end_turn';
  const events = [
    {
      type: 'message_start',
      message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'm',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { ...counts, output_tokens: 1 },
      },
    },
  ];
  blocks.forEach((block, index) => {
    const [content_block, deltas] = messagesDeltas(maker, block);
    events.push({ type: 'content_block_start', index, content_block });
    for (const delta of deltas) {
      events.push({ type: 'content_block_delta', index, delta });
      if (maker.often(1)) events.push({ type: 'ping' });
    }
    events.push({ type: 'content_block_stop', index });
  });
  const usage = { ...(maker.often(5) ? counts : {}), output_tokens: output, ...details };
  const delta = { stop_reason: finish, stop_sequence: null };
  // Cumulative: an earlier one says less.
  if (maker.often(1)) events.push({ type: 'message_delta', delta: {}, usage: { output_tokens: output >> 1 } });
  events.push({ type: 'message_delta', delta, usage }, { type: 'message_stop' });
  return events.map((one) => event(maker.json(one), one.type));
}

// ---- gemini ----

function geminiParts(maker) {
  const seal = () => (maker.often(3) ? { thoughtSignature: 'c2VhbA==' } : {});
  const thoughts = maker.often(5) ? maker.cut(maker.text(20)) : [];
  const texts = maker.often(8) ? maker.cut(maker.text(25)) : [];
  const hasIds = maker.often(6);
  return [
    ...thoughts.map((text) => ({ text, thought: true })),
    ...texts.map((text) => ({ text })),
    ...maker.calls().map(({ id, name, args }, i) => ({
      functionCall: { ...(hasIds ? { id } : {}), name, ...(Object.keys(args).length || maker.often(5) ? { args } : {}) },
      ...(i === 0 ? seal() : {}),
    })),
    ...(maker.often(1) ? [{ text: '', ...seal() }] : []),
  ];
}

function gemini(maker) {
  const event = framing(maker, { comments: false, tight: false });
  const parts = geminiParts(maker);
  const isCut = maker.often(1) && !parts.some((part) => part.functionCall);
  const { input, output, cached, reasoning } = maker.usage();
  const usageMetadata = {
    promptTokenCount: input,
    candidatesTokenCount: output - reasoning,
    totalTokenCount: input + output,
    ...(cached ? { cachedContentTokenCount: cached } : {}),
    ...(reasoning ? { thoughtsTokenCount: reasoning } : {}),
  };
  const groups = [];
  while (parts.length) groups.push(parts.splice(0, 1 + maker.roll(3)));
  const endsAlone = !groups.length || maker.often(5);
  const counts = maker.roll(3); // in all chunks, in the last, or also early and too low
  const head = { modelVersion: 'm', responseId: 'r1' };
  const candidate = (parts, finishReason) => ({
    ...(parts ? { content: { role: 'model', parts } } : {}),
    ...(finishReason ? { finishReason } : {}),
    index: 0,
  });
  const reason = isCut ? 'MAX_TOKENS' : 'STOP';
  const chunks = groups.map((group, i) => {
    const isLast = !endsAlone && i === groups.length - 1;
    const early = { ...usageMetadata, candidatesTokenCount: 0 };
    const usage = isLast || counts === 0 ? { usageMetadata } : counts === 2 ? { usageMetadata: early } : {};
    return { candidates: [candidate(group, isLast ? reason : undefined)], ...usage, ...head };
  });
  if (endsAlone) {
    const nothing = maker.one([undefined, [{ text: '' }]]);
    chunks.push({ candidates: [candidate(nothing, reason)], usageMetadata, ...head });
  }
  return chunks.map((one) => event(maker.json(one, false)));
}

const kMakers = {
  'openai-chat': chat,
  'openai-responses': responses,
  'anthropic-messages': messages,
  'gemini-generate': gemini,
};

/** The stream of this number, in the pieces in which it is to be written: cut anywhere. */
export function randomStream(dialect, seed) {
  const maker = new Maker(seed);
  const bytes = Buffer.from(kMakers[dialect](maker).join(''));
  const most = maker.one([7, 300, 4000, 1 << 20]);
  const pieces = [];
  for (let at = 0; at < bytes.length;) {
    const size = 1 + maker.roll(most);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
