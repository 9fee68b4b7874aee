//! An allocator that refuses blocks beyond a limit, so that a reader which allocates by a size that a header only claims is
//! found even where the system would lend the memory.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

thread_local! {
    /// The largest block that this thread may ask for.
    static LIMIT: Cell<usize> = const { Cell::new(usize::MAX) };
}

struct Limited;

#[global_allocator]
static ALLOCATOR: Limited = Limited;

fn allowed(bytes: usize) -> bool {
    LIMIT.try_with(|limit| bytes <= limit.get()).unwrap_or(true)
}

#[allow(unsafe_code, reason = "an allocator is unsafe by its trait; every call is passed on as it came")]
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if allowed(layout.size()) { unsafe { System.alloc(layout) } } else { std::ptr::null_mut() }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if allowed(layout.size()) { unsafe { System.alloc_zeroed(layout) } } else { std::ptr::null_mut() }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        if allowed(bytes) { unsafe { System.realloc(block, layout, bytes) } } else { std::ptr::null_mut() }
    }
}

/// Runs a reader whose single blocks may have at most so many bytes. One that asks for more ends the process ("memory
/// allocation of .. bytes failed").
pub(crate) fn in_blocks_of<T>(bytes: usize, reader: impl FnOnce() -> T) -> T {
    /// Puts the old limit back, also after a panic.
    struct Restore(usize);
    impl Drop for Restore {
        fn drop(&mut self) {
            LIMIT.set(self.0);
        }
    }
    let _restore = Restore(LIMIT.replace(bytes));
    reader()
}
