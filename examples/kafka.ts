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
  await consumer.subscribe({ topics: [topic] })
  await consumer.run({
    // A message that is rejected is thrown back: KafkaJS delivers it again, from the same offset.
    eachMessage: async (payload) => void (await breaker.run(() => handle(payload))),
  })
  const pause = pauseWhileOpen(breaker, {
    pause: () => consumer.pause(topics),
    resume: () => consumer.resume(topics),
  })
  // A consumer that has crashed starts anew, and has forgotten that it was paused.
  const off = consumer.on(consumer.events.GROUP_JOIN, () => {
    if (pause.paused) consumer.pause(topics)
  })
  return async () => {
    off()
    pause.stop()
    await consumer.disconnect()
  }
}
