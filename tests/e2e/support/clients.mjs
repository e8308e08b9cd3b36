// The official SDKs, asked and read in the same plain words as the wires of wires.mjs.
//   ask({system, user, image, tools, history, limit, temperature, stream})
//   -> {text, calls: [{id, name, args}], finish, usage: {input, output}}
// `history` is one earlier tool round: {calls, results}.
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';

const parse = (text) => JSON.parse(text);
const given = (fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
const dataUrl = (image) => `data:${image.mime};base64,${image.data}`;

function chat(parley, options) {
  const client = new OpenAI({
    baseURL: `${parley.url}/v1`,
    apiKey: parley.key,
    maxRetries: 0,
    ...options,
  });
  return {
    async ask(model, q) {
      const content = q.image
        ? [
            { type: 'text', text: q.user },
            { type: 'image_url', image_url: { url: dataUrl(q.image) } },
          ]
        : q.user;
      const messages = [
        ...(q.system ? [{ role: 'system', content: q.system }] : []),
        { role: 'user', content },
      ];
      if (q.history) {
        const tool_calls = q.history.calls.map((c) => ({
          id: c.id,
          type: 'function',
          function: { name: c.name, arguments: JSON.stringify(c.args) },
        }));
        messages.push({ role: 'assistant', content: null, tool_calls });
        for (const r of q.history.results) {
          messages.push({ role: 'tool', tool_call_id: r.id, content: r.text });
        }
      }
      const body = given({
        model,
        messages,
        max_completion_tokens: q.limit,
        temperature: q.temperature,
        tools: q.tools?.map((t) => ({
          type: 'function',
          function: { name: t.name, description: t.description, parameters: t.schema },
        })),
      });
      const whole = q.stream
        ? await client.chat.completions
            .stream({ ...body, stream_options: { include_usage: true } })
            .finalChatCompletion()
        : await client.chat.completions.create(body);
      const [choice] = whole.choices;
      return {
        text: choice.message.content ?? '',
        calls: (choice.message.tool_calls ?? []).map((c) => ({
          id: c.id,
          name: c.function.name,
          args: parse(c.function.arguments),
        })),
        finish: choice.finish_reason,
        usage: { input: whole.usage.prompt_tokens, output: whole.usage.completion_tokens },
        model: whole.model,
      };
    },
    models: async () => (await client.models.list()).data.map((m) => m.id),
  };
}

function responses(parley, options) {
  const client = new OpenAI({
    baseURL: `${parley.url}/v1`,
    apiKey: parley.key,
    maxRetries: 0,
    ...options,
  });
  return {
    async ask(model, q) {
      const content = q.image
        ? [
            { type: 'input_text', text: q.user },
            { type: 'input_image', image_url: dataUrl(q.image), detail: 'auto' },
          ]
        : q.user;
      const input = [{ role: 'user', content }];
      for (const c of q.history?.calls ?? []) {
        const text = JSON.stringify(c.args);
        input.push({ type: 'function_call', call_id: c.id, name: c.name, arguments: text });
      }
      for (const r of q.history?.results ?? []) {
        input.push({ type: 'function_call_output', call_id: r.id, output: r.text });
      }
      const body = given({
        model,
        input,
        instructions: q.system,
        max_output_tokens: q.limit,
        temperature: q.temperature,
        store: false,
        tools: q.tools?.map((t) => ({
          type: 'function',
          name: t.name,
          description: t.description,
          parameters: t.schema,
          strict: false,
        })),
      });
      const whole = q.stream
        ? await client.responses.stream(body).finalResponse()
        : await client.responses.create(body);
      const calls = whole.output.filter((item) => item.type === 'function_call');
      const isCut = whole.incomplete_details?.reason === 'max_output_tokens';
      return {
        text: whole.output_text,
        calls: calls.map((c) => ({ id: c.call_id, name: c.name, args: parse(c.arguments) })),
        finish: isCut ? 'length' : calls.length ? 'tool_calls' : 'stop',
        usage: { input: whole.usage.input_tokens, output: whole.usage.output_tokens },
        model: whole.model,
      };
    },
  };
}

function anthropic(parley, options) {
  const client = new Anthropic({
    baseURL: parley.url,
    apiKey: parley.key,
    maxRetries: 0,
    ...options,
  });
  const reasons = { end_turn: 'stop', tool_use: 'tool_calls', max_tokens: 'length' };
  return {
    async ask(model, q) {
      const content = q.image
        ? [
            { type: 'text', text: q.user },
            {
              type: 'image',
              source: { type: 'base64', media_type: q.image.mime, data: q.image.data },
            },
          ]
        : q.user;
      const messages = [{ role: 'user', content }];
      if (q.history) {
        messages.push(
          {
            role: 'assistant',
            content: q.history.calls.map((c) => ({
              type: 'tool_use',
              id: c.id,
              name: c.name,
              input: c.args,
            })),
          },
          {
            role: 'user',
            content: q.history.results.map((r) => ({
              type: 'tool_result',
              tool_use_id: r.id,
              content: r.text,
            })),
          },
        );
      }
      const body = given({
        model,
        messages,
        system: q.system,
        max_tokens: q.limit ?? 1000,
        temperature: q.temperature,
        tools: q.tools?.map((t) => ({
          name: t.name,
          description: t.description,
          input_schema: t.schema,
        })),
      });
      const whole = q.stream
        ? await client.messages.stream(body).finalMessage()
        : await client.messages.create(body);
      const of = (type) => whole.content.filter((block) => block.type === type);
      return {
        text: of('text')
          .map((b) => b.text)
          .join(''),
        calls: of('tool_use').map((b) => ({ id: b.id, name: b.name, args: b.input })),
        finish: reasons[whole.stop_reason],
        usage: { input: whole.usage.input_tokens, output: whole.usage.output_tokens },
        model: whole.model,
      };
    },
    count: async (model, user) =>
      (await client.messages.countTokens({ model, messages: [{ role: 'user', content: user }] }))
        .input_tokens,
    models: async () => (await client.models.list()).data.map((m) => m.id),
  };
}

function gemini(parley) {
  const client = new GoogleGenAI({
    apiKey: parley.key,
    httpOptions: { baseUrl: parley.url, retryOptions: { attempts: 1 } },
  });
  return {
    async ask(model, q) {
      const parts = [{ text: q.user }];
      if (q.image) parts.push({ inlineData: { mimeType: q.image.mime, data: q.image.data } });
      const contents = [{ role: 'user', parts }];
      if (q.history) {
        contents.push(
          {
            role: 'model',
            // The word of Gemini's documents for calls that some other model made.
            parts: q.history.calls.map((c, i) => ({
              functionCall: { id: c.id, name: c.name, args: c.args },
              ...(i === 0 ? { thoughtSignature: 'skip_thought_signature_validator' } : {}),
            })),
          },
          {
            role: 'user',
            parts: q.history.results.map((r) => ({
              functionResponse: {
                id: r.id,
                name: q.history.calls.find((c) => c.id === r.id).name,
                response: { output: r.text },
              },
            })),
          },
        );
      }
      const config = given({
        systemInstruction: q.system,
        maxOutputTokens: q.limit,
        temperature: q.temperature,
        tools: q.tools && [
          {
            functionDeclarations: q.tools.map((t) => ({
              name: t.name,
              description: t.description,
              parametersJsonSchema: t.schema,
            })),
          },
        ],
      });
      const request = { model, contents, config };
      const chunks = [];
      if (q.stream) {
        for await (const chunk of await client.models.generateContentStream(request)) {
          chunks.push(chunk);
        }
      } else {
        chunks.push(await client.models.generateContent(request));
      }
      const all = chunks.flatMap((c) => c.candidates?.[0]?.content?.parts ?? []);
      const calls = all.filter((p) => p.functionCall).map((p) => p.functionCall);
      const reason = chunks.map((c) => c.candidates?.[0]?.finishReason).findLast(Boolean);
      const usage = chunks.map((c) => c.usageMetadata).findLast(Boolean);
      return {
        text: all.map((p) => p.text ?? '').join(''),
        calls: calls.map((c) => ({ id: c.id, name: c.name, args: c.args })),
        finish: reason === 'MAX_TOKENS' ? 'length' : calls.length ? 'tool_calls' : 'stop',
        usage: { input: usage.promptTokenCount, output: usage.candidatesTokenCount },
        model: chunks.at(-1).modelVersion,
      };
    },
    count: async (model, user) =>
      (await client.models.countTokens({ model, contents: user })).totalTokens,
  };
}

export const clients = { chat, responses, anthropic, gemini };
