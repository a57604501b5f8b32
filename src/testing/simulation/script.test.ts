import { describe, expect, it } from 'vitest'
import { isFaulty, type Phase } from './phase.ts'
import { readScript } from './script.ts'

describe('a script that is given as text', () => {
  it.each<[string, Phase]>([
    ['ok for 5 s', { for: 5_000 }],
    ['ok 5s', { for: 5_000 }],
    ['hang 10 s', { for: 10_000, hang: true }],
    ['refuse for 250 ms', { for: 250, refuse: true }],
    ['reset for 1 s', { for: 1_000, reset: true }],
    ['30 % errors for 1 min', { for: 60_000, errorRate: 0.3 }],
    ['2.5% errors 2 minutes', { for: 120_000, errorRate: 0.025 }],
    ['Latency x20 for 10 s', { for: 10_000, latencyFactor: 20 }],
    ['latency +200 ms for 10 s', { for: 10_000, delay: 200 }],
    ['latency + 2 s for 10 s', { for: 10_000, delay: 2_000 }],
    ['work x4 for 1.5 h', { for: 5_400_000, workFactor: 4 }],
    ['cold x10 for 10 s', { for: 10_000, coldFactor: 10 }],
    ['load x0.5 for 10 s', { for: 10_000, loadFactor: 0.5 }],
    ['hang for 10 s on 1 shard', { for: 10_000, hang: true, shards: 1 }],
    ['hang on 2 shards for 10 s', { for: 10_000, hang: true, shards: 2 }],
    ['30 % errors and latency x4 for 1 s', { for: 1_000, errorRate: 0.3, latencyFactor: 4 }],
    ['hang', { for: Infinity, hang: true }],
    ['latency + 200 ms', { for: Infinity, delay: 200 }],
  ])('reads %s', (text, phase) => {
    expect(readScript(text)).toEqual([phase])
  })

  it.each([
    'ok 1 s, hang 2 s',
    'ok 1 s; hang 2 s;',
    'ok 1 s\nhang 2 s',
    'ok 1 s, then hang 2 s',
    'ok 1 s then hang 2 s',
  ])('has a part for each phase: %j', (text) => {
    expect(readScript(text)).toEqual([{ for: 1_000 }, { for: 2_000, hang: true }])
  })

  it.each([
    ['ok 5 s, hng 10 s', 'script part 2, "hng 10 s" at character 9: "hng" is not understood'],
    ['ok, hang 10 s', 'script part 1, "ok" at character 1: how long?'],
    ['ok 5 fortnights', 'script part 1, "ok 5 fortnights" at character 1: "fortnights" is no unit'],
    ['ok 0 s', 'script part 1, "ok 0 s" at character 1: it must last longer than 0'],
    ['ok 1 s,, ok 1 s', 'script part 2, "" at character 8: there is nothing'],
    ['130 % errors 1 s', 'more than 100 %'],
    ['latency x0.5 1 s', 'a factor below 1'],
    ['load x0 1 s', 'the load must be more than 0'],
    ['', 'script must have at least one phase, got an empty text'],
  ])('that is wrong, %j, is refused by part and place', (text, message) => {
    expect(() => readScript(text)).toThrow(message)
  })
})

describe('a script as a list', () => {
  it('is taken as it is', () => {
    const phases = [{ for: 5_000 }, { for: Infinity, errorRate: 1 }]

    expect(readScript(phases)).toEqual(phases)
  })

  it.each([
    [[], 'script must have at least one phase, got none'],
    [[{ for: 0 }], 'script[0].for must be a number above 0, got 0'],
    [[{ hang: true }], 'script[0].for must be a number above 0, got undefined'],
    [[{ for: Infinity }, { for: 1 }], 'script[0].for must be finite'],
    [[{ for: 1, errorRate: 1.1 }], 'script[0].errorRate must be a number from 0 to 1, got 1.1'],
    [[{ for: 1, shards: 1.5 }], 'script[0].shards must be a whole number of at least 1, got 1.5'],
    [[{ for: 1, hang: 'yes' }], 'script[0].hang must be true or false, got "yes"'],
    [[{ for: 1, hangs: true }], 'unknown key "hangs" (in script[0]); known are for, hang'],
    [['hang'], 'script[0] must be an object, got "hang"'],
    [7, 'script must be a string or a list of phases, got 7'],
  ])('that is wrong is refused: %j', (script, message) => {
    expect(() => readScript(script as never)).toThrow(message)
  })
})

describe('isFaulty', () => {
  it.each([
    ['ok', false],
    ['hang', true],
    ['refuse', true],
    ['reset', true],
    ['1 % errors', true],
    ['latency x2', true],
    ['latency +1 ms', true],
    ['work x2', true],
    ['cold x2', true],
    ['load x2', true],
  ])('says of "%s": %s', (text, faulty) => {
    expect(readScript(text).map(isFaulty)).toEqual([faulty])
  })
})
