import { parseArgs } from 'node:util'
import { endUpstreams } from './upstream-process.ts'

const { serve, fleet, port, record } = options()

// However this ends, the upstreams end with it. Only an unannounced exit, as after a
// crash, has no time to see them go.
process.once('exit', () => void endUpstreams())
const leave = async (code: number): Promise<void> => {
  await endUpstreams()
  process.exit(code)
}
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.once(signal, () => void leave(code))
}
// `npm run demo | head` closes the pipe; there is no reader any more.
process.stdout.once('error', () => void leave(1))

if (process.platform === 'win32') {
  console.error('The demo freezes processes with SIGSTOP, which Windows does not have.')
  process.exit(1)
}

if (fleet) await leave(await (await import('./fleet/fleet.ts')).fleet())
else if (serve) await leave(await (await import('./serve.ts')).serve(port))
else await leave(await (await import('./compare.ts')).compare(record))

function options(): { serve: boolean; fleet: boolean; port: number; record?: string } {
  try {
    const { values } = parseArgs({
      options: {
        serve: { type: 'boolean', default: false },
        fleet: { type: 'boolean', default: false },
        port: { type: 'string', default: '9090' },
        record: { type: 'string' },
      },
    })
    if (!/^\d{1,5}$/.test(values.port))
      throw new TypeError(`--port must be a port, got "${values.port}"`)
    return { ...values, port: Number(values.port) }
  } catch (error) {
    console.error(
      `${(error as Error).message}\nUsage: npm run demo [-- --fleet | --serve [--port 9090] | --record file.svg]`,
    )
    process.exit(2)
  }
}
