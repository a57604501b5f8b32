import { spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'

/**
 * A list of named checks that go on after one fails. `CHECKS_LOG` names a file which then gets a
 * line for each, so that `.ci/run` can count them.
 */
export function createChecks(title) {
  const results = { passed: 0, failed: 0 }
  return {
    async check(name, action) {
      const begin = performance.now()
      let failure
      try {
        await action()
      } catch (error) {
        failure = error
      }
      const seconds = ((performance.now() - begin) / 1000).toFixed(1)
      results[failure === undefined ? 'passed' : 'failed'] += 1
      console.log(`${failure === undefined ? '✔' : '✘'} ${title}: ${name} (${seconds} s)`)
      if (failure !== undefined) console.log(indent(failure.message ?? String(failure)))
      log(`${failure === undefined ? 'passed' : 'failed'} ${title}: ${name}`)
      return failure === undefined
    },
    finish() {
      if (results.failed > 0) {
        console.log(`${title}: ${results.failed} of ${results.passed + results.failed} failed`)
        process.exitCode = 1
      }
    },
  }
}

/** Runs a program and resolves to what it printed; rejects with that when it fails. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 180_000,
      shell: process.platform === 'win32' && !command.endsWith('.exe'),
      ...options,
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output += text
    })
    child.on('error', (error) => reject(new Error(`${command} could not start: ${error.message}`)))
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output)
      else reject(new Error(`${command} ${args.join(' ')}: ${signal ?? `exit ${code}`}\n${output}`))
    })
  })
}

function log(line) {
  const file = process.env.CHECKS_LOG
  if (file) appendFileSync(file, `${line}\n`)
}

function indent(text) {
  return text.trimEnd().replace(/^/gm, '    ')
}
