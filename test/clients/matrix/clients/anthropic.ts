import type { Client } from '../client.ts'
import { HttpUpstream, json } from '../upstream.ts'

const MESSAGE = {
  id: 'm1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'text', text: 'hello' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 },
}

const EVENTS = [
  { type: 'message_start', message: { ...MESSAGE, content: [], stop_reason: null } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hello' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
  { type: 'message_stop' },
]

export const anthropic: Client = {
  name: 'Anthropic',
  packages: ['@anthropic-ai/sdk'],
  guarded: 'protect(new Anthropic(…), breaker)',
  trap: 'one call for all of its retries, and for the whole stream',
  methods: [
    'messages.create',
    'messages.create().withResponse',
    'messages.stream',
    'messages.stream().finalMessage',
    'messages.stream().on',
    'models.list',
  ],
  paginates: true,
  cancelledBy: 'signal',
  async connect({ protect }) {
    const { Anthropic } = await import('@anthropic-ai/sdk')
    const upstream = await HttpUpstream.start({
      answer: ({ url }, response, body) => {
        if (url?.startsWith('/v1/models')) {
          const has_more = url.includes('limit=1') && !url.includes('after_id')
          json(response, 200, { data: [{ id: 'm' }], has_more, first_id: 'm', last_id: 'm' })
        } else if (!body.includes('"stream":true')) json(response, 200, MESSAGE)
        else {
          response.writeHead(200, { 'content-type': 'text/event-stream' })
          const lines = EVENTS.map(
            (event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}`,
          )
          response.end(`${lines.join('\n\n')}\n\n`)
        }
      },
    })
    const client = protect(new Anthropic({ apiKey: 'key', baseURL: upstream.url, maxRetries: 0 }))
    const ask = {
      model: 'm',
      max_tokens: 9,
      messages: [{ role: 'user', content: 'hello' } as const],
    }
    const options = (signal?: AbortSignal) => (signal === undefined ? {} : { signal })
    return {
      upstream,
      uses: {
        await: (signal) => client.messages.create(ask, options(signal)),
        withResponse: (signal) => client.messages.create(ask, options(signal)).withResponse(),
        'for await of a stream': async (signal) => {
          const types: string[] = []
          const stream = await client.messages.create({ ...ask, stream: true }, options(signal))
          for await (const { type } of stream) types.push(type)
          return types
        },
        'for await of stream()': async (signal) => {
          const types: string[] = []
          for await (const { type } of client.messages.stream(ask, options(signal)))
            types.push(type)
          return types
        },
        'stream().finalMessage()': (signal) =>
          client.messages.stream(ask, options(signal)).finalMessage(),
        'the events of stream()': (signal) =>
          new Promise((resolve, reject) => {
            let text = ''
            client.messages
              .stream(ask, options(signal))
              .on('text', (delta) => {
                text += delta
              })
              .on('error', reject)
              .on('abort', reject)
              .on('end', () => resolve(text))
          }),
        'a page': async (signal) => (await client.models.list({}, options(signal))).data,
        'for await of pages': async (signal) => {
          const ids: string[] = []
          for await (const { id } of client.models.list({}, options(signal))) ids.push(id)
          return ids
        },
      },
      pages: {
        'for await': async () => {
          for await (const _ of client.models.list({ limit: 1 }));
        },
        'for await of a page': async () => {
          for await (const _ of await client.models.list({ limit: 1 }));
        },
        getNextPage: async () => (await client.models.list({ limit: 1 })).getNextPage(),
      },
    }
  },
}
