import type { Client } from '../client.ts'
import { HttpUpstream, json } from '../upstream.ts'

const ANSWER = { candidates: [{ content: { role: 'model', parts: [{ text: 'hello' }] } }] }

export const googleGenAI: Client = {
  name: 'Google GenAI',
  packages: ['@google/genai'],
  guarded: 'protect(new GoogleGenAI(…), breaker)',
  trap: 'one call for all of its retries, and for the whole stream',
  methods: ['models.generateContent', 'models.generateContentStream', 'models.list'],
  cancelledBy: 'signal',
  async connect({ protect }) {
    const { GoogleGenAI } = await import('@google/genai')
    const upstream = await HttpUpstream.start({
      answer: ({ url }, response) => {
        if (url?.includes(':streamGenerate')) {
          response.writeHead(200, { 'content-type': 'text/event-stream' })
          response.end(`data: ${JSON.stringify(ANSWER)}\n\n`)
        } else
          json(response, 200, url?.includes(':generate') ? ANSWER : { models: [{ name: 'm' }] })
      },
    })
    const client = protect(
      new GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: upstream.url } }),
    )
    const ask = (signal?: AbortSignal) => ({
      model: 'm',
      contents: 'hello',
      ...(signal && { config: { abortSignal: signal } }),
    })
    return {
      upstream,
      uses: {
        generateContent: async (signal) => (await client.models.generateContent(ask(signal))).text,
        'for await of a stream': async (signal) => {
          const texts: unknown[] = []
          const stream = await client.models.generateContentStream(ask(signal))
          for await (const { text } of stream) texts.push(text)
          return texts
        },
        'for await of pages': async () => {
          const names: unknown[] = []
          for await (const { name } of await client.models.list()) names.push(name)
          return names
        },
      },
    }
  },
}
