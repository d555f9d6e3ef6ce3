/*
 * The lab's stand-in for the add-in's credential provider. It is a file to be found, and a COM server in form only:
 * the lab's logon screen looks whether it is registered and present, and draws the link itself.
 */
#include <windows.h>

/* The class it serves. The logon screen looks for these bytes: a file without them is not the add-in's. */
__declspec(dllexport) const CLSID served_class = {
    0x86d2f0ac, 0x2171, 0x46cf, {0x99, 0x98, 0x4e, 0x33, 0xb3, 0xd7, 0xfd, 0x4f}};

HRESULT WINAPI DllGetClassObject(REFCLSID class_id, REFIID interface_id, void **object) {
  (void)interface_id;
  *object = NULL;
  return IsEqualCLSID(class_id, &served_class) ? E_NOINTERFACE : CLASS_E_CLASSNOTAVAILABLE;
}

HRESULT WINAPI DllCanUnloadNow(void) { return S_OK; }
