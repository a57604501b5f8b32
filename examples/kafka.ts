// A consumer of KafkaJS that fetches nothing while the circuit is open. It sends heartbeats, so that it keeps its partitions.
import type { Consumer, EachMessagePayload } from 'kafkajs'
import type { CircuitBreaker } from 'short-circuit'
import { pauseWhileOpen } from 'short-circuit/consumers'

export async function consume(
  consumer: Consumer,
  topic: string,
  breaker: CircuitBreaker,
  handle: (payload: EachMessagePayload) => Promise<unknown>,
): Promise<() => Promise<void>> {
  const topics = [{ topic }]
  // A consumer that has crashed starts anew, and has forgotten that it was paused. Until it has joined its group again,
  // it has nothing to pause or to resume.
  let joined = false
  const pause = pauseWhileOpen(breaker, {
    pause: () => joined && consumer.pause(topics),
    resume: () => joined && consumer.resume(topics),
  })
  const offStop = consumer.on(consumer.events.STOP, () => {
    joined = false
  })
  const offJoin = consumer.on(consumer.events.GROUP_JOIN, () => {
    joined = true
    if (pause.paused) consumer.pause(topics)
  })
  // As long as nothing is committed it would begin at the end otherwise, behind what it was not able to handle.
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    // A message that is rejected is thrown back: KafkaJS delivers it again, from the same offset.
    eachMessage: async (payload) => void (await breaker.run(() => handle(payload))),
  })
  return async () => {
    offStop()
    offJoin()
    pause.stop()
    await consumer.disconnect()
  }
}
