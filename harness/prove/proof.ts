import { EXIT_CODE, type ExitCode } from '../core/exit-code.ts';
import type { Control } from '../../specs/controls/control.ts';
import type { SeededFault } from './fault.ts';
import { type Finding, isGood } from './judge.ts';

/** What prove.json holds; every report of a proof is made of it. Paths are relative to its folder. */
export interface Proof {
  readonly schema: 'sspr-logon-compliance/proof/1';
  /** ISO 8601 UTC */
  readonly startedAt: string;
  readonly ms: number;
  /** Every fault that there is was tried. */
  readonly all: boolean;
  readonly jobs: number;
  readonly exitCode: ExitCode;
  /** Runs without a fault: what the others are compared with. */
  readonly baselines: readonly BaselineResult[];
  readonly faults: readonly FaultProof[];
  /** The controls, in the order of the catalogue, and which faults each of them has caught. */
  readonly controls: readonly {
    readonly id: string;
    readonly title: string;
    readonly catches: readonly string[];
  }[];
}

interface Ran {
  readonly machine: string;
  readonly language: string;
  readonly state: string;
  readonly stages: readonly string[];
  readonly findings: readonly Finding[];
  /** Why nothing can be said; null: something can. */
  readonly error: string | null;
  /** 2: the first time the run could not be made, or its fault not seeded. */
  readonly tries: 1 | 2;
  readonly ms: number;
  /** Exit code of the run; null: there was none. */
  readonly exit: number | null;
  /** The report of the run; null: there is none. */
  readonly report: string | null;
}

/** What became of a run: all as it should be, something not, or it could not be made. */
export const RESULTS = ['proven', 'unproven', 'error'] as const;
export type Result = (typeof RESULTS)[number];

export interface BaselineResult extends Ran {
  readonly result: Result;
  /** Ids of the faults that are compared with it. */
  readonly serves: readonly string[];
}

export interface FaultProof extends Ran {
  readonly id: string;
  readonly title: string;
  readonly area: string;
  readonly source: string;
  /** The file as it is written. */
  readonly text: string;
  readonly result: Result;
}

export const resultOf = (findings: readonly Finding[], error: string | null): Result =>
  error !== null ? 'error' : findings.every(isGood) ? 'proven' : 'unproven';

/** 1 when anything was missed or alarmed without cause, else 3 when anything could not be seeded or run. */
export function exitCodeOf(results: readonly { readonly result: Result }[]): ExitCode {
  if (results.some(({ result }) => result === 'unproven')) return EXIT_CODE.notCompliant;
  return results.some(({ result }) => result === 'error') ? EXIT_CODE.couldNotCheck : EXIT_CODE.compliant;
}

/** Which faults each control has caught; what stands there with none is proved by none. */
export const catches = (catalogue: readonly Control[], faults: readonly FaultProof[]): Proof['controls'] =>
  catalogue.map(({ id, title }) => ({
    id,
    title,
    catches: faults
      .filter(({ findings }) => findings.some(({ kind, control }) => kind === 'caught' && control === id))
      .map((fault) => fault.id),
  }));

/** Faults that need the same run without a fault: on the same machine, from the same state, with the same stages and keys. */
export function comparable(fault: SeededFault): string {
  const { machine, state, stages, config } = fault;
  return JSON.stringify([machine.os, machine.language, state, stages, config]);
}
