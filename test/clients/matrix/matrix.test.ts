import { describe, expect, it } from 'vitest'
import { clients } from './clients/index.ts'
import { describeContract, type Findings } from './contract.ts'
import { page, pageWith } from './table.ts'

const rows = clients.map((client) => [client, {} as Findings] as const)

for (const [client, findings] of rows) {
  describe(client.name, () => describeContract(client, findings))
}

describe('docs/clients.md', () => {
  it('has the table of what these tests have found', async () => {
    await expect(pageWith(rows)).toMatchFileSnapshot(page)
  })
})
