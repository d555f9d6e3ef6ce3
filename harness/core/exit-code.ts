/** What the process says with its exit code. When both 1 and 3 apply, 1 wins and the report shows both. */
export const EXIT_CODE = {
  compliant: 0,
  notCompliant: 1,
  badUsage: 2,
  couldNotCheck: 3,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT_CODE)[keyof typeof EXIT_CODE];
