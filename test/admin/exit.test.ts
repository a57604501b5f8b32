import { describe, expect, it } from 'vitest'
import { runInChild, runsTypeScript } from '../helpers/child-process.ts'

const folder = new URL('../../src/admin/', import.meta.url).href
const IMPORTS = `
import { createServer } from 'node:http'
import { admin } from '${folder}index.ts'
import { toNode } from '${folder}node/index.ts'
`

describe.runIf(runsTypeScript)('a process with an admin', () => {
  it('ends although the admin was not closed', async () => {
    const { stdout, exitCode } = await runInChild(`${IMPORTS}
      const handler = admin({ registry: short.circuits })
      short.circuits.breaker('a').trip()
      const answer = await handler(new Request('http://localhost/api/v1/breakers'), { address: '::1' })
      console.log(answer.status)
    `)

    expect([stdout, exitCode]).toEqual(['200', 0])
  })

  it('ends when its server is closed, although a stream is open', async () => {
    const { stdout, exitCode } = await runInChild(`${IMPORTS}
      const handler = admin({ registry: short.circuits })
      const server = createServer(toNode(handler))
      server.listen(0, '127.0.0.1', async () => {
        const url = 'http://127.0.0.1:' + server.address().port + '/api/v1/events'
        const answer = await fetch(url)
        handler.close()
        server.close()
        console.log((await answer.text()).includes('event: bye'))
      })
    `)

    expect([stdout, exitCode]).toEqual(['true', 0])
  })

  it('says once that it lets in this machine alone, where it is in production', async () => {
    const { stderr } = await runInChild(`
      process.env.NODE_ENV = 'production'
      const { admin } = await import('${folder}index.ts')
      admin({ registry: short.circuits })
      admin({ registry: short.circuits, authorize: () => false })
    `)

    expect(stderr.match(/without `authorize` answers only/g)).toHaveLength(1)
  })
})
