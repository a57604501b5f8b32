import type { GuardFetchOptions } from '../../../src/fetch/index.ts'

type Fetch = typeof fetch

/** A client that takes a `fetch`. */
export interface Taker {
  readonly name: string
  readonly packages: readonly string[]
  /** What its server answers with. */
  readonly answer?: unknown
  /** How it is told of a rejection, where this is not by an error that has the `CircuitOpenError` among its causes. */
  readonly rejection?: 'response'
  /** Whether its error has the `CallTimeoutError` among its causes. */
  readonly keepsTimeout?: boolean
  readonly takesSignal?: boolean
  /** Connects a client without retries of its own. Returns one call. */
  connect(
    url: string,
    guard: (fetch?: Fetch, options?: GuardFetchOptions) => Fetch,
  ): Promise<(signal?: AbortSignal) => Promise<unknown>>
}

const given = (signal: AbortSignal | undefined): { signal?: AbortSignal } =>
  signal === undefined ? {} : { signal }

/** The answer of a `fetch` that is used as it is. */
const byHand =
  (url: string, fetch: Fetch) =>
  async (signal?: AbortSignal): Promise<unknown> => {
    const response = await fetch(url, given(signal))
    if (!response.ok) throw new Error(`status ${response.status}`)
    return response.json()
  }

const completion = {
  ...{ id: 'c', object: 'chat.completion', created: 1, model: 'm' },
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hello' } }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
}
const data = { data: { text: 'hello' } }

export const takers: readonly Taker[] = [
  {
    name: 'node-fetch, guarded',
    packages: ['node-fetch'],
    async connect(url, guard) {
      const { default: fetch } = await import('node-fetch')
      return byHand(url, guard(fetch as never))
    },
  },
  {
    name: 'cross-fetch, guarded',
    packages: ['cross-fetch'],
    async connect(url, guard) {
      const { fetch } = await import('cross-fetch')
      return byHand(url, guard(fetch))
    },
  },
  {
    name: 'ky',
    packages: ['ky'],
    async connect(url, guard) {
      const { default: ky } = await import('ky')
      const client = ky.create({ fetch: guard(), retry: 0 })
      return (signal) => client.get(url, given(signal)).json()
    },
  },
  {
    name: 'ofetch',
    packages: ['ofetch'],
    async connect(url, guard) {
      const { createFetch } = await import('ofetch')
      const client = createFetch({ fetch: guard(), defaults: { retry: false } })
      return (signal) => client(url, given(signal))
    },
  },
  {
    name: 'wretch',
    packages: ['wretch'],
    async connect(url, guard) {
      const { default: wretch } = await import('wretch')
      const client = wretch(url).polyfills({ fetch: guard() })
      return (signal) => client.options(given(signal)).get().json()
    },
  },
  {
    name: 'axios by its adapter fetch',
    packages: ['axios'],
    async connect(url, guard) {
      const { default: axios } = await import('axios')
      const client = axios.create({ adapter: 'fetch', env: { fetch: guard() } })
      return (signal) => client.get(url, given(signal))
    },
  },
  {
    name: 'gaxios',
    packages: ['gaxios'],
    async connect(url, guard) {
      const { Gaxios } = await import('gaxios')
      const client = new Gaxios({ fetchImplementation: guard(), retry: false })
      return (signal) => client.request({ url, ...given(signal) })
    },
  },
  {
    name: 'graphql-request',
    packages: ['graphql', 'graphql-request'],
    answer: data,
    async connect(url, guard) {
      const { GraphQLClient } = await import('graphql-request')
      const client = new GraphQLClient(url, { fetch: guard() })
      return (signal) => client.request({ document: '{ text }', ...given(signal) })
    },
  },
  {
    name: 'Apollo Client',
    packages: ['graphql', '@apollo/client'],
    answer: data,
    async connect(uri, guard) {
      const { ApolloClient, gql, HttpLink, InMemoryCache } = await import('@apollo/client')
      const client = new ApolloClient({
        link: new HttpLink({ uri, fetch: guard() }),
        cache: new InMemoryCache(),
      })
      return (signal) =>
        client.query({
          query: gql`{ text }`,
          fetchPolicy: 'no-cache',
          context: { fetchOptions: given(signal), queryDeduplication: false },
        })
    },
  },
  {
    name: 'urql',
    packages: ['graphql', '@urql/core'],
    answer: data,
    async connect(url, guard) {
      const { Client, fetchExchange } = await import('@urql/core')
      const client = new Client({
        url,
        exchanges: [fetchExchange],
        fetch: guard(),
        preferGetMethod: false,
      })
      return async () => {
        const { error, data } = await client.query('{ text }', {}).toPromise()
        if (error) throw error
        return data
      }
    },
    takesSignal: false,
  },
  {
    name: 'tRPC',
    packages: ['@trpc/client'],
    answer: { result: { data: 'hello' } },
    async connect(url, guard) {
      const { createTRPCUntypedClient, httpLink } = await import('@trpc/client')
      const client = createTRPCUntypedClient({
        links: [httpLink({ url, fetch: guard() as never })],
      })
      return (signal) => client.query('say', undefined, given(signal))
    },
  },
  {
    name: 'Octokit',
    packages: ['@octokit/rest'],
    answer: { id: 1 },
    async connect(baseUrl, guard) {
      const { Octokit } = await import('@octokit/rest')
      const log = { debug() {}, info() {}, warn() {}, error() {} }
      const client = new Octokit({ baseUrl, log, request: { fetch: guard() } })
      return (signal) =>
        client.request('GET /repos/{owner}/{repo}', {
          ...{ owner: 'o', repo: 'r' },
          ...(signal && { request: { signal } }),
        })
    },
  },
  {
    name: 'Supabase',
    packages: ['@supabase/supabase-js'],
    answer: [{ id: 1 }],
    async connect(url, guard) {
      const { createClient } = await import('@supabase/supabase-js')
      const client = createClient(url, 'key', { global: { fetch: guard() } })
      return async (signal) => {
        const query = client.from('t').select().retry(false).throwOnError()
        return (await (signal === undefined ? query : query.abortSignal(signal))).data
      }
    },
  },
  {
    name: 'Stripe',
    packages: ['stripe'],
    answer: { id: 'cus_1', object: 'customer' },
    takesSignal: false,
    keepsTimeout: false,
    rejection: 'response',
    async connect(url, guard) {
      const { Stripe } = await import('stripe')
      const { hostname, port } = new URL(url)
      const fetch = guard(undefined, { rejection: 'response' })
      const client = new Stripe('sk_test_key', {
        ...{ host: hostname, port, protocol: 'http', maxNetworkRetries: 0 },
        httpClient: Stripe.createFetchHttpClient(fetch),
      })
      return () => client.customers.retrieve('cus_1')
    },
  },
  {
    name: 'OpenAI',
    packages: ['openai'],
    answer: completion,
    async connect(baseURL, guard) {
      const { OpenAI } = await import('openai')
      const client = new OpenAI({ apiKey: 'key', baseURL, fetch: guard(), maxRetries: 0 })
      const body = { model: 'm', messages: [{ role: 'user' as const, content: 'hello' }] }
      return (signal) => client.chat.completions.create(body, given(signal))
    },
  },
  {
    name: 'AI SDK of Vercel',
    packages: ['ai', '@ai-sdk/openai'],
    answer: completion,
    async connect(baseURL, guard) {
      const { generateText } = await import('ai')
      const { createOpenAI } = await import('@ai-sdk/openai')
      const model = createOpenAI({ apiKey: 'key', baseURL, fetch: guard() }).chat('m')
      return (signal) =>
        generateText({
          ...{ model, prompt: 'hello', maxRetries: 0 },
          ...(signal && { abortSignal: signal }),
        })
    },
  },
  {
    name: 'LangChain',
    packages: ['@langchain/core', '@langchain/openai'],
    answer: completion,
    // Its own `TimeoutError`.
    keepsTimeout: false,
    async connect(baseURL, guard) {
      const { ChatOpenAI } = await import('@langchain/openai')
      const model = new ChatOpenAI({
        ...{ apiKey: 'key', model: 'm', maxRetries: 0 },
        configuration: { baseURL, fetch: guard() },
      })
      return (signal) => model.invoke('hello', given(signal))
    },
  },
  {
    name: 'Google GenAI, by the global fetch',
    packages: ['@google/genai'],
    answer: { candidates: [{ content: { role: 'model', parts: [{ text: 'hello' }] } }] },
    async connect(baseUrl, guard) {
      const { GoogleGenAI } = await import('@google/genai')
      const { vi } = await import('vitest')
      const guarded = guard()
      vi.spyOn(globalThis, 'fetch').mockImplementation(guarded)
      const client = new GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl } })
      return (signal) =>
        client.models.generateContent({
          ...{ model: 'm', contents: 'hello' },
          ...(signal && { config: { abortSignal: signal } }),
        })
    },
  },
]
