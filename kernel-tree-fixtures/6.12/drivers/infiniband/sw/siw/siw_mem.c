// SPDX-License-Identifier: GPL-2.0-only
struct siw_umem *siw_umem_get(struct ib_device *base_dev, u64 start,
			      u64 len, int rights)
{
}
