/** The snapshot to which the machine is put back at the end. */
export const SNAPSHOT = 'before-sspr';
