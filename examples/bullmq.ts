// A BullMQ worker that takes no job while it would be rejected, and loses no attempt by a rejection.
import { type ConnectionOptions, type Job, WaitingError, Worker } from 'bullmq'
import { type CircuitBreaker, isCircuitOpenError } from 'short-circuit'
import { pauseWhileOpen } from 'short-circuit/consumers'

export function createWorker(
  queue: string,
  breaker: CircuitBreaker,
  send: (job: Job, signal: AbortSignal) => Promise<unknown>,
  connection: ConnectionOptions,
): { close(): Promise<void> } {
  const process = async (job: Job, token?: string) => {
    try {
      return await breaker.run((signal) => send(job, signal))
    } catch (error) {
      if (!isCircuitOpenError(error)) throw error
      // It did not run: back to the queue, which does not count as an attempt.
      await job.moveToWait(token)
      throw new WaitingError()
    }
  }
  const worker = new Worker(queue, process, { connection, concurrency: 5 })
  const handle = pauseWhileOpen(breaker, {
    pause: () => worker.pause(true), // without waiting for the jobs in progress
    resume: () => worker.resume(),
  })
  return {
    close: () => {
      handle.stop()
      return worker.close()
    },
  }
}
