/** The matrix of the embedded lab: what runs when there is no configuration. */
export const LAB_MACHINES = [
  { name: 'win7', os: 'win7', provider: 'lab' },
  { name: 'win8', os: 'win8', provider: 'lab' },
  { name: 'win81', os: 'win81', provider: 'lab' },
] as const;
