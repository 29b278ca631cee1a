import type { User } from '../../domain/entities/user.entity.ts';
import type { UserResponseDTO } from '../dtos/user.dto.ts';

export class UserMapper {
  toResponseDTO({ state: { id, email, name, role, createdAt } }: User): UserResponseDTO {
    return { id, email, name, role, createdAt };
  }
}
