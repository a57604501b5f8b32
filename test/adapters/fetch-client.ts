import type { GuardedClient } from './contract.ts'

/** The client of the contract that a `fetch` makes. */
export function clientOf(guarded: typeof fetch): GuardedClient {
  return {
    request: async (url, { signal } = {}) => {
      const response = await guarded(url, signal === undefined ? {} : { signal })
      return { status: response.status, text: await response.text() }
    },
    open: async (url, options = {}) => {
      const response = await guarded(url, options)
      let reader: ReadableStreamDefaultReader | undefined
      const readerOf = () => {
        reader ??= response.body?.getReader()
        return reader
      }
      return {
        async read() {
          if (reader === undefined) return response.text()
          while (!(await reader.read()).done);
          return undefined
        },
        part: async () => readerOf()?.read(),
        leave: async () => readerOf()?.cancel(),
      }
    },
  }
}
