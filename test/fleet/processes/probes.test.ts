import { describe, expect, it } from 'vitest'
import { Fleet, TIMEOUT } from './fleet.ts'
import type { WorkerProcess } from './worker-process.ts'

/** Open as a whole, while a probe hangs at the upstream. */
async function startProbing(): Promise<{ fleet: Fleet; prober: WorkerProcess }> {
  const fleet = await Fleet.start({
    processes: 3,
    breaker: { maxFailures: 10_000, resetTimeout: 300 },
  })
  fleet.upstream.hang()
  fleet.worker('p0').operate('trip')
  await fleet.until('one probes', () => fleet.history.some(({ kind }) => kind === 'probe'))
  const prober = fleet.worker(probers(fleet)[0] as string)
  await expect.poll(() => fleet.upstream.probing).toContain(prober.name)
  return { fleet, prober }
}

function probers(fleet: Fleet): string[] {
  return fleet.history.filter(({ kind }) => kind === 'probe').map(({ process }) => process)
}

const others = (fleet: Fleet, prober: WorkerProcess): WorkerProcess[] =>
  [...fleet.workers.values()].filter((worker) => worker !== prober)

describe('the process that probes', { timeout: TIMEOUT }, () => {
  it('is the only one, as long as its probe takes', async () => {
    const { fleet } = await startProbing()
    await using _ = fleet
    // The lease is renewed meanwhile.
    const renewed = (): number =>
      fleet.history.filter((event) => event.kind === 'ask' && event.renew !== undefined).length
    await fleet.until('the lease has been renewed', () => renewed() >= 5)

    fleet.upstream.answer()
    await fleet.all('closed')
    await fleet.rest()
  })

  it('gives way to another one when it is killed', async () => {
    const { fleet, prober } = await startProbing()
    await using _ = fleet
    await fleet.kill(prober)
    await expect.poll(() => fleet.upstream.probing).not.toContain(prober.name)

    fleet.upstream.answer()
    await fleet.all('closed')
    await fleet.rest()
  })

  it('gives way to another one when it is frozen, and has no say any more when it goes on', async () => {
    const { fleet, prober } = await startProbing()
    await using _ = fleet
    fleet.freeze(prober)
    const rest = others(fleet, prober)
    await fleet.until('another one probes', () => probers(fleet).some((it) => it !== prober.name))

    fleet.upstream.answer()
    await fleet.all('closed', rest)
    fleet.thaw(prober)
    await fleet.all('closed')
    await fleet.moreCalls(5)
    await fleet.rest()
  })

  it('keeps the fleet open when two have died of their probes', async () => {
    const { fleet, prober } = await startProbing()
    await using _ = fleet
    await fleet.kill(prober)
    const second = (): string | undefined => probers(fleet).find((it) => it !== prober.name)
    await fleet.until('another one probes', () => second() !== undefined)
    await fleet.kill(fleet.worker(second() as string))

    const lost = (): boolean =>
      fleet.history.some(
        (event) => event.kind === 'answer' && event.registers.automatic.reason === 'probesLost',
      )
    await fleet.until('two probes are lost', lost)
    fleet.upstream.answer()
    await fleet.all('closed')
    await fleet.rest()
  })
})

describe('a fleet with two probes', { timeout: TIMEOUT }, () => {
  it('has two in flight at most, and closes when as many have succeeded as it needs', async () => {
    await using fleet = await Fleet.start({
      processes: 3,
      breaker: {
        maxFailures: 10_000,
        resetTimeout: 300,
        recovery: { probes: 3, concurrent: 2 },
      },
      policy: { probes: 2 },
    })
    fleet.upstream.hang()
    fleet.worker('p0').operate('trip')
    await expect.poll(() => fleet.upstream.probing, { timeout: 60_000 }).toHaveLength(2)
    await fleet.moreCalls(10)

    fleet.upstream.answer()
    await fleet.all('closed')
    await fleet.rest()
  })
})
