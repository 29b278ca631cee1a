import type { Role } from '../../domain/entities/user.entity.ts';

/** A user as clients see one. */
export interface UserResponseDTO {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: string;
}

/** A profile with the version that it was read at. */
export interface VersionedUserDTO {
  readonly user: UserResponseDTO;
  readonly version: number;
}
