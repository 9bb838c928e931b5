// seats.js says who sits at a lane: one officer, or in joint service one of each authority.

export const authorityOf = (officer) => officer.slice(0, Math.max(0, officer.indexOf("/")));

// officersAt returns the officers of an open lane, in the order in which they took it.
export function officersAt(lane) {
  if (!lane.open) return [];
  if (lane.seats?.length) return lane.seats.map((s) => s.officer);
  return lane.officer ? [lane.officer] : [];
}

export const sitsAt = (lane, officer) => officersAt(lane).includes(officer);
export const othersAt = (lane, officer) => officersAt(lane).filter((o) => o !== officer);
export const who = (lane) => officersAt(lane).join(", ");

// canJoin reports whether an officer may sit down beside those who are there: in joint service, where nobody of his authority is.
export const canJoin = (lane, officer) =>
  Boolean(lane.open && lane.joint) && !officersAt(lane).some((o) => authorityOf(o) === authorityOf(officer));
