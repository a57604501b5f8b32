import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { page, pageWith } from '../page.ts'
import { mariadbTests } from './clients/mariadb.ts'
import { postgresTests } from './clients/postgres.ts'
import { redisTests } from './clients/redis.ts'
import type { Database, Findings, TestedClient } from './contract.ts'

const rows: (readonly [TestedClient, Findings])[] = []

describe.each([postgresTests, mariadbTests, redisTests])('$name', ({ create, clients }) => {
  let database: Database
  beforeAll(async () => {
    database = await create()
  })
  afterAll(() => database?.end())

  for (const client of clients) {
    const findings: Findings = {}
    rows.push([client, findings])
    describe(client.name, () => client.describe(findings, () => database))
  }
})

describe('docs/clients.md', () => {
  it('has the table of what these tests have found', async () => {
    const cells = rows.map(([client, findings]) => [
      client.name,
      client.packages.map((name) => `${name} ${dependencies[name]}`).join(', '),
      `\`${client.guarded}\``,
      findings.rejection ?? '',
      [...new Set([findings.transaction, findings.action])].filter(Boolean).join('; '),
      client.trap,
    ])
    const text = pageWith('Databases: written by `npm run test:clients -- -u`.', HEAD, cells)

    await expect(text).toMatchFileSnapshot(page)
  })
})

const HEAD = [
  'client',
  'tested with',
  'guarded by',
  'a rejected call ends with',
  'in a transaction',
  'know this',
]

const dependencies = Object.assign({}, ...['../', '../prisma/'].map(dependenciesOf)) as Readonly<
  Record<string, string | undefined>
>

function dependenciesOf(folder: string): object {
  const file = new URL(`${folder}package.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')).dependencies
}
