import axios from 'axios'
import { guardAxios } from '../../src/axios/index.ts'
import { guardFetch } from '../../src/fetch/index.ts'
import { describeUntilBody } from './body-contract.ts'
import { type Answer, describeAdapter, type StartServer } from './contract.ts'

const [, minor = 0] = axios.VERSION.split('.').map(Number)
/** Since 1.12 its adapter `fetch` calls the one in `env`. */
export const takesFetch: boolean = minor >= 12

/** The contract of `guardAxios` with each adapter of axios for Node, and of axios over `guardFetch`. */
export function describeAxios(start: StartServer): void {
  for (const adapter of ['http', 'fetch'] as const) {
    describeAdapter(
      {
        name: `guardAxios, adapter ${adapter}`,
        prefix: 'axios',
        ownTimeout: true,
        create: (by) => {
          const client = guardAxios(axios.create({ adapter, ...asText }), by)
          return {
            request: (url, options = {}) => answerOf(client.get(url, options)),
            open: async (url, { signal } = {}) => {
              const responseType = 'stream' as const
              const { data } = await client.get(url, { responseType, ...(signal && { signal }) })
              return {
                read: async () => {
                  for await (const _ of data);
                },
              }
            },
          }
        },
      },
      start,
    )
  }

  if (!takesFetch) return
  describeUntilBody(
    {
      name: 'axios over guardFetch',
      create: (by) => {
        const env = { fetch: guardFetch(by, { until: 'body' }) }
        const client = axios.create({ adapter: 'fetch', env, validateStatus: () => true })
        return {
          request: (url, options = {}) => answerOf(client.get(url, options)),
          open: async (url, { signal, method = 'GET' } = {}) => {
            const responseType = 'stream' as const
            const { data } = await client.request<ReadableStream>({
              url,
              method,
              responseType,
              maxRedirects: 0,
              ...(signal && { signal }),
            })
            let reader: ReadableStreamDefaultReader | undefined
            const readerOf = () => {
              reader ??= data?.getReader()
              return reader
            }
            return {
              async read() {
                while ((await readerOf()?.read())?.done === false);
              },
              part: async () => readerOf()?.read(),
              leave: async () => readerOf()?.cancel(),
            }
          },
        }
      },
    },
    start,
  )
}

async function answerOf(request: Promise<{ status: number; data: unknown }>): Promise<Answer> {
  const response = await request.catch((error: unknown) => {
    // An answer that axios throws for.
    if (axios.isAxiosError(error) && error.response !== undefined) return error.response
    throw error
  })
  return { status: response.status, text: String(response.data) }
}

/** As it was sent, not parsed. */
const asText = { transformResponse: (data: unknown) => data }
