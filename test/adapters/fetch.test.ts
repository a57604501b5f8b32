import { guardFetch } from '../../src/fetch/index.ts'
import { type AdapterRow, describeAdapter } from './contract.ts'

const row: AdapterRow = {
  name: 'guardFetch',
  prefix: 'fetch',
  ownTimeout: false,
  create: (by) => {
    const guarded = guardFetch(by)
    return {
      request: async (url, { signal } = {}) => {
        const response = await guarded(url, signal === undefined ? {} : { signal })
        return { status: response.status, text: await response.text() }
      },
      open: async (url, { signal } = {}) => {
        const response = await guarded(new Request(url, signal === undefined ? {} : { signal }))
        return { read: () => response.text() }
      },
    }
  },
}

describeAdapter(row)
