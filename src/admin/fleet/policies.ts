import type { ProcessStatus } from '../../fleet/index.ts'

/** The parts of a policy, in the order of its text. */
const PARTS = [
  'failure rate',
  'slow call rate',
  'minimum of calls',
  'reporters',
  'buckets',
  'bucket',
  'open time',
  'longest open time',
  'factor',
  'probes',
  'successes',
  'lease',
] as const

/** A part of a policy; 0 where it is not known. */
export function numberIn(policy: string, part: (typeof PARTS)[number]): number {
  return Number(policy.split(' ')[PARTS.indexOf(part)] ?? 0)
}

export function policyDifference(own: string, most: string): string {
  const [here, there] = [own.split(' '), most.split(' ')]
  return PARTS.flatMap((part, i) =>
    here[i] === there[i] ? [] : [`${part} ${here[i]} here, ${there[i]} elsewhere`],
  ).join('; ')
}

/** Of each breaker about whose policy processes differ: how many have which, as far as they say. */
export type Policies = ReadonlyMap<string, ReadonlyMap<string, number>>

export function policiesOf(processes: readonly ProcessStatus[]): Policies {
  const counts = new Map<string, Map<string, number>>()
  for (const { policies } of processes) {
    for (const { name, policy } of policies) {
      const of = counts.get(name) ?? new Map<string, number>()
      counts.set(name, of.set(policy, (of.get(policy) ?? 0) + 1))
    }
  }
  return counts
}

/** The policy that more processes have than this one, or as many. */
export function moreUsual(
  of: ReadonlyMap<string, number> | undefined,
  own: string,
): string | undefined {
  const others = [...(of ?? [])].filter(([policy]) => policy !== own)
  const [most] = others.toSorted(([, a], [, b]) => b - a)
  return most !== undefined && most[1] >= (of?.get(own) ?? 0) ? most[0] : undefined
}
