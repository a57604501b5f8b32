import { describe, expect, it } from 'vitest'
import { page, pageWith } from '../page.ts'
import { clients } from './clients/index.ts'
import { describeContract, type Findings } from './contract.ts'
import { missingNode } from './engines.ts'
import { COMMENT, cellsOf, HEAD } from './table.ts'

const rows = clients.map((client) => [client, {} as Findings] as const)
const all = clients.every((client) => missingNode(client) === undefined)

for (const [client, findings] of rows) {
  const node = missingNode(client)
  const name = node === undefined ? client.name : `${client.name} needs Node ${node}`
  describe.skipIf(node !== undefined)(name, () => describeContract(client, findings))
}

describe.runIf(all)('docs/clients.md', () => {
  it('has the table of what these tests have found', async () => {
    const cells = rows.map(([client, findings]) => cellsOf(client, findings))

    await expect(pageWith(COMMENT, HEAD, cells)).toMatchFileSnapshot(page)
  })
})
