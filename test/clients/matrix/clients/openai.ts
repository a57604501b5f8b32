import type { Client } from '../client.ts'
import { HttpUpstream, json } from '../upstream.ts'

const COMPLETION = {
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hello' } }],
}

const chunk = (delta: object, finish_reason: string | null = null) => ({
  id: 'c1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason }],
})

const EVENTS = [chunk({ role: 'assistant', content: 'hel' }), chunk({ content: 'lo' }, 'stop')]
  .map((event) => `data: ${JSON.stringify(event)}\n\n`)
  .join('')

export const openai: Client = {
  name: 'openai',
  packages: ['openai'],
  guarded: 'protect(new OpenAI(…), breaker)',
  trap: 'one call for all of its retries, and for the whole stream',
  methods: [
    'chat.completions.create',
    'chat.completions.create().withResponse',
    'chat.completions.create().asResponse',
    'chat.completions.stream',
    'chat.completions.stream().finalContent',
    'models.list',
  ],
  paginates: true,
  cancelledBy: 'signal',
  async connect({ protect }) {
    const { OpenAI } = await import('openai')
    const upstream = await HttpUpstream.start({
      answer: ({ url }, response, body) => {
        if (url === '/models') json(response, 200, { object: 'list', data: [{ id: 'm' }] })
        else if (url?.startsWith('/files')) {
          json(response, 200, { data: [{ id: 'f' }], has_more: !url.includes('after') })
        } else if (!body.includes('"stream":true')) json(response, 200, COMPLETION)
        else {
          response.writeHead(200, { 'content-type': 'text/event-stream' })
          response.end(`${EVENTS}data: [DONE]\n\n`)
        }
      },
    })
    const client = protect(new OpenAI({ apiKey: 'key', baseURL: upstream.url, maxRetries: 0 }))
    const { completions } = client.chat
    const messages = [{ role: 'user', content: 'hello' } as const]
    const ask = { model: 'm', messages }
    const options = (signal?: AbortSignal) => (signal === undefined ? {} : { signal })
    return {
      upstream,
      uses: {
        await: (signal) => completions.create(ask, options(signal)),
        withResponse: (signal) => completions.create(ask, options(signal)).withResponse(),
        asResponse: async (signal) => {
          const response = await completions.create(ask, options(signal)).asResponse()
          return response.json()
        },
        'for await of a stream': async (signal) => {
          let text = ''
          const stream = await completions.create({ ...ask, stream: true }, options(signal))
          for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
          return text
        },
        'for await of stream()': async (signal) => {
          let text = ''
          const stream = completions.stream(ask, options(signal))
          for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
          return text
        },
        'stream().finalContent()': (signal) =>
          completions.stream(ask, options(signal)).finalContent(),
        'a page': async (signal) => (await client.models.list(options(signal))).data,
        'for await of pages': async (signal) => {
          const ids: string[] = []
          for await (const { id } of client.models.list(options(signal))) ids.push(id)
          return ids
        },
      },
      pages: {
        'for await': async () => {
          for await (const _ of client.files.list());
        },
        'for await of a page': async () => {
          for await (const _ of await client.files.list());
        },
        'for await of a page that was read before': async () => {
          const page = await client.files.list()
          await new Promise((resolve) => setTimeout(resolve, 5))
          for await (const _ of page);
        },
        getNextPage: async () => (await client.files.list()).getNextPage(),
        iterPages: async () => {
          for await (const _ of (await client.files.list()).iterPages());
        },
      },
    }
  },
}
