import type { Deadline } from '../../core/deadline.ts';
import { notWsman, tooSlow } from './faults.ts';
import type { WsmanRequest } from './requests.ts';
import { MalformedAnswer } from './responses.ts';
import type { Transport } from './transport.ts';

/**
 * Sends a request that has an answer at once, and reads it.
 * @param doing for the error: "opening a shell"
 */
export async function ask<T>(
  transport: Transport,
  request: WsmanRequest,
  doing: string,
  deadline: Deadline,
  reader: (body: unknown) => T,
): Promise<T> {
  const answer = await transport.send(request, doing, deadline);
  if (answer.timedOut) throw tooSlow(doing);
  return read(answer.body, doing, reader);
}

/** Reads the body of an answer. */
export function read<T>(body: unknown, doing: string, reader: (body: unknown) => T): T {
  try {
    return reader(body);
  } catch (error) {
    if (error instanceof MalformedAnswer) throw notWsman(error.message, doing);
    throw error;
  }
}
