namespace CubeFunctions.Core.Settings;

/// <summary>A setting as it is declared where it is read: the settings page, the sample file and the help are made from it.</summary>
/// <param name="Name">Its name as users type it.</param>
/// <param name="Default">Its default in words; empty where there is none.</param>
/// <param name="Doc">What it does, in a sentence without a full stop. Markdown.</param>
/// <param name="Sample">A safe value for a local run; empty to leave it out.</param>
public sealed record SettingDeclaration(string Name, string Default, string Doc, string Sample);
