import { table } from '../markdown.ts'
import { ALL_GOALS, GOALS, type Goal, isMet } from './goals.ts'
import type { Measured } from './measured.ts'

/** Every goal, and how far each version of Node is from it. */
export function goalsTable(versions: readonly Measured[]): string {
  const rows = Object.entries(GOALS).flatMap(([group, goals]) => [
    [`**${group}**`, '', ...versions.map(() => '')],
    ...goals.map((goal) => [
      goal.label,
      limits(goal),
      ...versions.map((measured) => cell(goal, measured)),
    ]),
  ])
  const columns = versions.map(({ node }) => `Node ${node.split('.')[0]}`)
  return table(['', 'goal', ...columns], rows)
}

/** How many goals are met, and which are not. */
export function missed(versions: readonly Measured[]): string {
  const count = versions.map((measured) => {
    const judged = ALL_GOALS.map((goal) => isMet(goal, measured)).filter((met) => met !== undefined)
    return `${judged.filter(Boolean).length} of ${judged.length} on Node ${measured.node}`
  })
  const groups = Object.entries(GOALS).flatMap(([group, goals]) => {
    const open = goals.flatMap((goal) => {
      const where = versions.filter((measured) => isMet(goal, measured) === false)
      if (where.length === 0) return []
      return [where.length === versions.length ? goal.label : `${goal.label} (${names(where)})`]
    })
    return open.length === 0 ? [] : [`- **${group}:** ${open.join('; ')}.`]
  })
  const begin = `Met: ${count.join(', ')}.`
  return groups.length === 0
    ? begin
    : `${begin} Missed, on all of them or on those named:\n\n${groups.join('\n')}`
}

function names(versions: readonly Measured[]): string {
  return `Node ${versions.map(({ node }) => node.split('.')[0]).join(', ')}`
}

function limits(goal: Goal): string {
  const { others, ...particular } = goal.limits
  const parts = Object.entries(particular).map(([major, limit]) => `${limit} on Node ${major}`)
  if (others !== undefined) parts.unshift(String(others))
  return `${goal.sense} ${parts.join(', ')}`
}

function cell(goal: Goal, measured: Measured): string {
  const figure = goal.of(measured)
  if (figure === undefined) return ''
  const mark = { true: ' ✓', false: ' ✗', undefined: '' }[String(isMet(goal, measured))]
  return `${figure.toFixed(goal.digits)}${mark}`
}
