import { afterEach, describe, expect, it } from 'vitest'
import { useService } from './service.ts'
import { openTerminal, plain, type Terminal } from './terminal.ts'

const service = useService()
let terminal: Terminal | undefined
afterEach(() => {
  terminal?.end()
  terminal = undefined
})

function open(command: string, size?: { columns?: number; rows?: number }): Terminal {
  terminal = openTerminal(command, service().env, size)
  return terminal
}

/** Answers why and for how long, and agrees. */
async function hold(asking: Terminal): Promise<void> {
  await asking.sees('Why?')
  asking.type('INC-2291: stop hammering\r')
  await asking.sees('For how long? [10m]')
  asking.type('\r')
  await asking.sees('[y/N]')
  asking.type('y\r')
}

describe('the story of an incident', () => {
  it('is told by commands: which breaker is open, why, held for ten minutes with a reason, released', async () => {
    const { payments } = service()
    const listed = open('short-circuit ls')
    await listed.sees(/▲ open .*payments/)
    const why = open('short-circuit why payments')
    await why.sees('Circuit "payments" has been open')

    const held = open('short-circuit force-open payments')
    await hold(held)
    await held.sees('payments is forced open until')
    expect(await held.exit).toBe(0)
    expect(payments.snapshot().override).toMatchObject({
      mode: 'forced-open',
      reason: 'INC-2291: stop hammering',
    })
    const released = open('short-circuit release payments --reason "it is back" --yes')
    expect(await released.exit).toBe(0)

    expect(payments.snapshot().override).toBeNull()
  })

  it('is told by keys alone, in the table that follows', async () => {
    const { payments } = service()
    const watch = open('short-circuit watch')
    await watch.sees('payments')

    watch.type('j')
    watch.type('\r')
    await watch.sees('Circuit "payments" has been open')
    watch.type('f')
    await hold(watch)
    await expect.poll(() => payments.snapshot().override?.mode).toBe('forced-open')
    await watch.sees('forced open')
    watch.type('r')
    await watch.sees('Why?')
    watch.type('it is back\r')
    await watch.sees('[y/N]')
    watch.type('y\r')
    await expect.poll(() => payments.snapshot().override).toBeNull()
    watch.type('q')

    expect(await watch.exit).toBe(0)
  })
})

describe('a terminal', () => {
  it.each([80, 200])('of %i columns is filled and not left', async (columns) => {
    service()
      .registry.breaker('payments')
      .forceOpen({ by: 'ada', reason: 'x'.repeat(300) })
    const listed = open('short-circuit ls --all', { columns })

    expect(await listed.exit).toBe(0)

    const lines = plain(listed.shown()).split('\n')
    expect(lines.join('\n')).toContain('payments')
    const widest = Math.max(...lines.map((line) => line.length))
    expect(widest).toBeLessThanOrEqual(columns)
    // A reason is cut to what can be read.
    expect(widest).toBeGreaterThan(Math.min(columns, 170) - 10)
  })

  it('of either theme can be read: letters have one of its own colours, and no ground', async () => {
    service().registry.breaker('accounts').forceOpen({ reason: 'migration' })
    const listed = open('short-circuit ls --all')

    await listed.exit

    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
    const codes = Array.from(listed.shown().matchAll(/\u001B\[([0-9;]*)m/g), ([, code]) => code)
    expect(codes).toContain('31')
    // Bold, dim, inverse, their ends, and the sixteen colours of the terminal but black and white.
    const known = /^(0?|1|2|7|22|27|39|3[1-6]|9[0-6])$/
    expect(codes.filter((code) => !known.test(code ?? ''))).toEqual([])
  })
})
