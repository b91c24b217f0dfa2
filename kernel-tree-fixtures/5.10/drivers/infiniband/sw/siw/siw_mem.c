// SPDX-License-Identifier: GPL-2.0-only
struct siw_umem *siw_umem_get(u64 start, u64 len, bool writable)
{
	if (num_pages + atomic64_read(&mm_s->pinned_vm) > mlock_limit) {
		rv = -ENOMEM;
	}

		while (nents) {
			umem->num_pages += rv;
			atomic64_add(rv, &mm_s->pinned_vm);
			first_page_va += rv * PAGE_SIZE;
			nents -= rv;
			got += rv;
		}
		num_pages -= got;

	if (rv > 0)
		return umem;

	siw_umem_release(umem, false);
}
