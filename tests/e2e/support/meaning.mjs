// What a reply means, as the official SDK of its dialect reads it: the same few facts for each.
//   {text, refusal, reasoning, calls: [{name, args}], finish, usage: {input, output, cached, reasoning},
//    order: what came behind what, such as ['reasoning', 'text', 'call', 'call']}
// The SDK parses; what is added up here is what every client adds up.
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';

const parse = (text) => {
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    return { unparsable: text };
  }
};
const whatIs = (value) => (typeof value === 'string' ? parse(value) : (value ?? {}));

function fresh() {
  return { text: '', refusal: '', reasoning: '', calls: [], finish: null, usage: {}, order: [] };
}

/** More of a text, which may be nothing. */
function add(got, kind, text) {
  if (!text) return;
  got[kind] += text;
  if (got.order.at(-1) !== kind) got.order.push(kind);
}

function addCall(got, call) {
  got.calls.push(call);
  got.order.push('call');
}

// ---- chat ----

const kChatFinish = { stop: 'stop', tool_calls: 'calls', function_call: 'calls', length: 'length' };

function chatUsage(u) {
  return {
    input: u.prompt_tokens,
    output: u.completion_tokens,
    cached: u.prompt_tokens_details?.cached_tokens ?? 0,
    reasoning: u.completion_tokens_details?.reasoning_tokens ?? 0,
  };
}

/** Some places send parts, or a JSON value, where others send text. */
function addContent(into, content) {
  if (typeof content === 'string') add(into, 'text', content);
  else if (!Array.isArray(content)) add(into, 'text', content ? JSON.stringify(content) : '');
  else {
    for (const part of content) {
      if (part.type === 'thinking') add(into, 'reasoning', part.thinking.map((p) => p.text).join(''));
      else add(into, 'text', part.text);
    }
  }
}

function addChat(into, choice, message) {
  const content = message.content; // asked for first: what a reply without a message fails on
  add(into, 'reasoning', message.reasoning_content ?? message.reasoning);
  addContent(into, content);
  if (message.function_call) {
    const known = (into.calls[0] ??= { name: '', args: '' });
    known.name += message.function_call.name ?? '';
    known.args += message.function_call.arguments ?? '';
  }
  add(into, 'refusal', message.refusal);
  for (const call of message.tool_calls ?? []) {
    const at = call.index ?? into.calls.length;
    if (!into.calls[at]) into.order.push('call');
    const known = (into.calls[at] ??= { name: '', args: '' });
    known.name += call.function?.name ?? call.custom?.name ?? '';
    known.args += call.function?.arguments ?? call.custom?.input ?? '';
  }
  if (choice.finish_reason) {
    into.finish = kChatFinish[choice.finish_reason] ?? choice.finish_reason;
  }
}

const chat = {
  client: (options) => new OpenAI({ maxRetries: 0, ...options }),
  base: (url) => `${url}/v1`,
  async read(client, model, stream) {
    const messages = [{ role: 'user', content: 'x' }];
    const got = fresh();
    const body = { model, messages, stream };
    if (stream) body.stream_options = { include_usage: true };
    const reply = await client.chat.completions.create(body);
    const take = (chunk) => {
      const choice = chunk.choices?.[0];
      if (choice && (choice.index ?? 0) === 0) addChat(got, choice, choice.delta ?? choice.message);
      if (chunk.usage) got.usage = chatUsage(chunk.usage);
    };
    if (stream) for await (const chunk of reply) take(chunk);
    else take(reply);
    got.calls = got.calls.filter(Boolean).map((c) => ({ name: c.name, args: parse(c.args) }));
    return got;
  },
};

// ---- responses ----

function readResponse(got, whole, items) {
  for (const item of items) {
    if (item.type === 'message') {
      for (const part of item.content ?? []) {
        if (part.type === 'output_text') add(got, 'text', part.text);
        if (part.type === 'refusal') add(got, 'refusal', part.refusal);
      }
    } else if (item.type === 'reasoning') {
      const parts = item.summary?.length ? item.summary : (item.content ?? []);
      add(got, 'reasoning', parts.map((p) => p.text).join(''));
    } else if (item.type === 'function_call') {
      addCall(got, { name: item.name, args: parse(item.arguments) });
    } else if (item.type === 'custom_tool_call') {
      addCall(got, { name: item.name, args: parse(item.input) });
    }
  }
  const why = whole.incomplete_details?.reason;
  got.finish =
    why === 'max_output_tokens' ? 'length' : (why ?? (got.calls.length ? 'calls' : 'stop'));
  const u = whole.usage;
  if (u) {
    got.usage = {
      input: u.input_tokens,
      output: u.output_tokens,
      cached: u.input_tokens_details?.cached_tokens ?? 0,
      reasoning: u.output_tokens_details?.reasoning_tokens ?? 0,
    };
  }
}

const responses = {
  client: chat.client,
  base: chat.base,
  async read(client, model, stream) {
    const got = fresh();
    const reply = await client.responses.create({ model, input: 'x', stream });
    if (!stream) {
      readResponse(got, reply, reply.output);
      return got;
    }
    const items = [];
    for await (const event of reply) {
      // Coding clients believe the finished items, so these are what is read.
      if (event.type === 'response.output_item.done') items[event.output_index] = event.item;
      if (event.type === 'response.completed' || event.type === 'response.incomplete') {
        const whole = event.response;
        readResponse(
          got,
          whole,
          items.filter(Boolean).length ? items.filter(Boolean) : whole.output,
        );
      }
      if (event.type === 'response.failed') throw new Error(event.response.error?.message);
    }
    return got;
  },
};

// ---- messages ----

const kStops = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
};

const anthropic = {
  client: (options) => new Anthropic({ maxRetries: 0, ...options }),
  base: (url) => url,
  async read(client, model, stream) {
    const got = fresh();
    const body = { model, max_tokens: 1000, messages: [{ role: 'user', content: 'x' }] };
    const whole = stream
      ? await client.messages.stream(body).finalMessage()
      : await client.messages.create(body);
    for (const block of whole.content) {
      if (block.type === 'text') add(got, 'text', block.text);
      if (block.type === 'thinking') add(got, 'reasoning', block.thinking);
      if (block.type === 'tool_use') {
        addCall(got, { name: block.name, args: whatIs(block.input) });
      }
    }
    got.finish = kStops[whole.stop_reason] ?? whole.stop_reason;
    const u = whole.usage;
    const cached = u.cache_read_input_tokens ?? 0;
    got.usage = {
      input: u.input_tokens + cached + (u.cache_creation_input_tokens ?? 0),
      output: u.output_tokens,
      cached,
      reasoning: u.output_tokens_details?.thinking_tokens ?? 0,
    };
    return got;
  },
};

// ---- gemini ----

const kReasons = { STOP: 'stop', MAX_TOKENS: 'length', SAFETY: 'content_filter' };

const gemini = {
  client: ({ baseURL, apiKey }) =>
    new GoogleGenAI({ apiKey, httpOptions: { baseUrl: baseURL, retryOptions: { attempts: 1 } } }),
  base: (url) => url,
  async read(client, model, stream) {
    const got = fresh();
    const asked = { model, contents: 'x' };
    const chunks = [];
    if (stream) {
      for await (const c of await client.models.generateContentStream(asked)) chunks.push(c);
    } else {
      chunks.push(await client.models.generateContent(asked));
    }
    for (const chunk of chunks) {
      const [candidate] = chunk.candidates ?? [];
      for (const part of candidate?.content?.parts ?? []) {
        if (part.functionCall) {
          addCall(got, { name: part.functionCall.name, args: part.functionCall.args ?? {} });
        } else {
          add(got, part.thought ? 'reasoning' : 'text', part.text);
        }
      }
      if (candidate?.finishReason) {
        got.finish = kReasons[candidate.finishReason] ?? candidate.finishReason;
      }
      if (chunk.promptFeedback?.blockReason) got.finish = 'content_filter';
      const u = chunk.usageMetadata;
      if (u) {
        const reasoning = u.thoughtsTokenCount ?? got.usage.reasoning ?? 0;
        got.usage = {
          input: (u.promptTokenCount ?? got.usage.input ?? 0) + (u.toolUsePromptTokenCount ?? 0),
          output: (u.candidatesTokenCount ?? 0) + reasoning,
          cached: u.cachedContentTokenCount ?? 0,
          reasoning,
        };
      }
    }
    if (got.finish === 'stop' && got.calls.length) got.finish = 'calls';
    return got;
  },
};

export const readers = {
  'openai-chat': chat,
  'openai-responses': responses,
  'anthropic-messages': anthropic,
  'gemini-generate': gemini,
};
