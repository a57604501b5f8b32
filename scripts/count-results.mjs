// Adds up a run: the tests in Vitest's reports and a line for each other check. Prints the sum as
// the last line of the output and fails when anything did.
import { existsSync, readFileSync } from 'node:fs'

const [, , log, ...reports] = process.argv
let passed = 0
let failed = 0

for (const line of readFileSync(log, 'utf8').split('\n')) {
  if (line.startsWith('passed ')) passed += 1
  if (line.startsWith('failed ')) {
    failed += 1
    console.log(line)
  }
}

for (const report of reports) {
  if (!existsSync(report)) {
    failed += 1
    console.log(`failed step: Vitest left no report in ${report}`)
    continue
  }
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
  for (const { name, status, assertionResults } of testResults) {
    const failures = assertionResults.filter((test) => test.status === 'failed')
    passed += assertionResults.filter((test) => test.status === 'passed').length
    failed += failures.length
    for (const test of failures) console.log(`failed ${name}: ${test.fullName}`)
    if (status === 'failed' && failures.length === 0) {
      failed += 1
      console.log(`failed ${name}: the file could not run`)
    }
  }
}

console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
