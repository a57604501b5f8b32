import type { Client } from '../client.ts'
import { HttpUpstream } from '../upstream.ts'

export const clickhouse: Client = {
  name: 'ClickHouse',
  packages: ['@clickhouse/client'],
  guarded: 'protect(createClient(…), breaker)',
  trap: 'a wrong query is an error, too: a `classify` looks at `code`; rows that are read later are not seen',
  methods: ['query', 'command'],
  cancelledBy: 'signal',
  async connect({ protect }) {
    const { createClient } = await import('@clickhouse/client')
    const upstream = await HttpUpstream.start({
      answer: (_, response) => response.end('{"a":1}\n'),
    })
    const real = createClient({ url: upstream.url, max_open_connections: 20, log: { level: 127 } })
    const client = protect(real)
    const query = (signal?: AbortSignal) =>
      client.query({
        query: 'SELECT 1',
        format: 'JSONEachRow',
        ...(signal && { abort_signal: signal }),
      })
    return {
      upstream,
      uses: {
        json: async (signal) => (await query(signal)).json(),
        stream: async (signal) => {
          const rows: unknown[] = []
          for await (const row of (await query(signal)).stream()) rows.push(row)
          return rows
        },
        command: () => client.command({ query: 'SELECT 1' }),
      },
      close: () => real.close(),
    }
  },
}
